// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Programs that tests start.
enum Tool {
    struct Failure: Error {
        var program: String
        var status: Int32
        var output: String
    }

    static func fixture(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures").appending(path: name).path
    }

    /// Runs a program to its end; returns its standard output.
    @discardableResult
    static func run(_ program: String, _ arguments: [String], input: Data = Data()) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try runBlocking(program, arguments, input: input) })
            }
        }
    }

    static func runBlocking(_ program: String, _ arguments: [String], input: Data = Data()) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let (toProcess, fromProcess, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = toProcess
        process.standardOutput = fromProcess
        process.standardError = errors
        try process.run()
        try toProcess.fileHandleForWriting.write(contentsOf: input)
        try toProcess.fileHandleForWriting.close()
        let output = try fromProcess.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                program: program, status: process.terminationStatus,
                output: String(decoding: complaint, as: UTF8.self))
        }
        return output
    }
}
