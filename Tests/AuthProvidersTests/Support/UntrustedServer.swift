// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// `openssl s_server` on loopback with a self-signed certificate.
final class UntrustedServer: Sendable {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    private let process: Process
    private let folder: URL

    private init(port: Int, process: Process, folder: URL) {
        self.port = port
        self.process = process
        self.folder = folder
    }

    /// Runs the blocking launch on its own thread.
    static func start() async throws -> UntrustedServer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "untrusted-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await Tool.run(
            "openssl",
            words(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
                    + " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem"),
            in: folder)
        return try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try launch(in: folder) }) }.start()
        }
    }

    func stop() async {
        await withCheckedContinuation { continuation in
            Thread { [process, folder] in
                // SIGTERM may be blocked in this process's threads, and a child inherits the signal mask.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                try? FileManager.default.removeItem(at: folder)
                continuation.resume()
            }.start()
        }
    }

    private static func launch(in folder: URL) throws -> UntrustedServer {
        let server = Tool.process(
            "openssl", words("s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -www"))
        server.currentDirectoryURL = folder
        server.standardInput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        let output = Pipe()
        server.standardOutput = output
        try server.run()
        var text = ""
        while let data = try output.fileHandleForReading.read(upToCount: 1), !data.isEmpty {
            text += String(decoding: data, as: UTF8.self)
            if let told = text.firstMatch(of: /ACCEPT .*:(\d+)\n/), let port = Int(told.1) {
                return UntrustedServer(port: port, process: server, folder: folder)
            }
        }
        server.waitUntilExit()
        throw Failed(description: "openssl s_server does not listen")
    }

    private static func words(_ arguments: String) -> [String] {
        arguments.split(separator: " ").map(String.init)
    }
}
