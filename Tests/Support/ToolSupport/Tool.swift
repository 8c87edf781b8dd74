// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Runs a command-line tool and waits for it: openssl, a script, Python with packages that `Scripts/test` installs.
package enum Tool {
    /// The tool exited with a code other than 0.
    package struct Failure: Error, CustomStringConvertible {
        package var program: String
        package var status: Int32
        /// The tool's standard error.
        package var complaint: String
        package var description: String { "\(program) ended with \(status): \(complaint.suffix(2000))" }
    }

    /// The environment of a tool, whose PATH begins with the tools that `Scripts/test` installs.
    package static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] =
            "\(Repository.root.path)/.build/test-tools/bin:\(environment["PATH"] ?? "/usr/bin:/bin")"
        return environment
    }

    /// A process that is not started yet; the tool is found in the PATH of ``environment``.
    package static func process(_ program: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = environment
        return process
    }

    /// Runs a tool on a separate thread, because waiting would block a thread of the shared pool.
    ///
    /// - Returns: its standard output.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], input: Data = Data(), in folder: URL? = nil
    ) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result { try runWaiting(program, arguments, input: input, in: folder) })
            }.start()
        }
    }

    @discardableResult
    package static func runWaiting(
        _ program: String, _ arguments: [String], input: Data = Data(), in folder: URL? = nil
    ) throws -> Data {
        let process = process(program, arguments)
        if let folder { process.currentDirectoryURL = folder }
        let (question, answer, complaint) = (Pipe(), Pipe(), Pipe())
        // Otherwise a background process of the tool could inherit another end of a pipe and keep it open.
        for pipe in [question, answer, complaint] {
            _ = fcntl(pipe.fileHandleForReading.fileDescriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        process.standardInput = question
        process.standardOutput = answer
        process.standardError = complaint
        try process.run()
        try question.fileHandleForWriting.write(contentsOf: input)
        try question.fileHandleForWriting.close()
        let output = try answer.fileHandleForReading.readToEnd() ?? Data()
        let words = try complaint.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                program: program, status: process.terminationStatus,
                complaint: String(decoding: words, as: UTF8.self))
        }
        return output
    }
}
