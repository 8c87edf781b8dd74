// SPDX-License-Identifier: Apache-2.0
import Foundation

/// `Scripts/rabbitmq` of this package.
enum Script {
    static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Scripts/rabbitmq").standardizedFileURL.path

    /// It ended with another code than 0.
    struct Failed: Error, CustomStringConvertible {
        var arguments: [String]
        var output: String
        var description: String { "Scripts/rabbitmq \(arguments.joined(separator: " ")) failed: \(output)" }
    }

    /// Runs it on a thread of its own and returns what it prints.
    static func run(_ arguments: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try runWaiting(arguments) }) }.start()
        }
    }

    private static func runWaiting(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        // A child that inherited this end beside its standard output would keep the pipe open.
        _ = fcntl(output.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [path] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self)
        if process.terminationStatus != 0 { throw Failed(arguments: arguments, output: text) }
        return text
    }
}
