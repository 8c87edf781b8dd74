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
    ///
    /// It is outside the kernel's ephemeral range, of which any connection could take it meanwhile, and outside the
    /// range of `Scripts/rabbitmq` and `Scripts/postgres`.
    static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = UInt16.random(in: 10_000..<20_000)
            if isFree(port) { return Int(port) }
        }
        throw Mishap("no free port was found between 10000 and 20000")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
