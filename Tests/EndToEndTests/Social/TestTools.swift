// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import ToolSupport

#if canImport(Glibc)
    import Glibc
#endif

/// The tools that `Scripts/test` installs. A test that needs a missing tool fails.
enum TestTools {
    struct Missing: Error, CustomStringConvertible {
        var tool: String
        var description: String { "\(tool) is not installed; Scripts/test installs it" }
    }

    /// Python with the packages of `Scripts/test`.
    static func python() throws -> URL {
        // Joined as text, because resolving the link to Python's own executable loses the packages.
        try program(Repository.root.path + "/.build/test-tools/bin/python3")
    }

    static func program(_ path: String) throws -> URL {
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(tool: path) }
        return URL(filePath: path)
    }

    /// A loopback port that was free just now, for programs that must know their port in advance.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw Missing(tool: "a free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
