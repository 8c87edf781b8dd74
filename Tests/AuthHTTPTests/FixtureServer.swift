// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import ToolSupport

/// A server of `Fixtures/servers.py` for one test.
final class FixtureServer: Sendable {
    struct Failed: Error {}

    let port: Int
    private let process: Process
    private let lines: Mutex<[String]>

    /// Runs a server while `body` runs.
    static func serving<Answer: Sendable>(
        _ arguments: [String], _ body: (FixtureServer) async throws -> Answer
    ) async throws -> Answer {
        let server = try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try FixtureServer(arguments) }) }.start()
        }
        defer { kill(server.process.processIdentifier, SIGKILL) }
        return try await body(server)
    }

    /// Blocks until the server listens, so call it on its own thread.
    private init(_ arguments: [String]) throws {
        let script = Repository.root.appending(path: "Tests/AuthHTTPTests/Fixtures/servers.py").path
        let process = Tool.process("python3", [script] + arguments)
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            guard let data = try output.fileHandleForReading.read(upToCount: 1), !data.isEmpty else {
                throw Failed()
            }
            text += String(decoding: data, as: UTF8.self)
        }
        guard let port = Int(text.dropLast()) else { throw Failed() }
        self.port = port
        self.process = process
        lines = Mutex([])
        Thread.detachNewThread { [self] in
            var rest = ""
            while let data = try? output.fileHandleForReading.read(upToCount: 1), !data.isEmpty {
                if data == Data("\n".utf8) {
                    lines.withLock { [rest] in $0.append(rest) }
                    rest = ""
                } else {
                    rest += String(decoding: data, as: UTF8.self)
                }
            }
        }
    }

    /// The request lines received so far.
    var requests: [String] { lines.withLock { $0 } }
}
