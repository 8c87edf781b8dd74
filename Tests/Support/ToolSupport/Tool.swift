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
    /// - Parameter limit: after it the tool and its process group are killed, and the call fails.
    /// - Returns: its standard output.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], input: Data = Data(), in folder: URL? = nil,
        within limit: Duration = .seconds(240)
    ) async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        try runWaiting(program, arguments, input: input, in: folder, within: limit)
                    })
            }.start()
        }
    }

    /// Runs a tool and blocks the calling thread until it has ended.
    ///
    /// Input and output are files: a pipe stays open as long as a background process of the tool has it, and a tool
    /// that fills one while the other is read would never end. For the same reason the tool is not a `Process`, which
    /// notices the end of a child only when no other child has inherited a certain socket.
    @discardableResult
    package static func runWaiting(
        _ program: String, _ arguments: [String], input: Data = Data(), in folder: URL? = nil,
        within limit: Duration = .seconds(240)
    ) throws -> Data {
        let files = FileManager.default.temporaryDirectory.appending(path: "tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: files) }
        func file(_ name: String) -> URL { files.appending(path: name) }
        try input.write(to: file("input"))
        let chosenFolder = folder.map { ["-C", $0.path] } ?? []
        let child = try ChildProcess.start(
            ["/usr/bin/env"] + chosenFolder + [program] + arguments, environment: environment,
            input: file("input").path, output: file("output").path, errors: file("complaint").path,
            inOwnGroup: true)
        let code = exitCode(of: child, within: limit)
        let complaint = String(decoding: (try? Data(contentsOf: file("complaint"))) ?? Data(), as: UTF8.self)
        guard let code else {
            let command = ([program] + arguments).joined(separator: " ").prefix(500)
            throw Failure(
                program: program, status: SIGKILL,
                complaint: "not ended within \(limit), and killed: \(command)\n\(complaint)")
        }
        guard code == 0 else { throw Failure(program: program, status: code, complaint: complaint) }
        return try Data(contentsOf: file("output"))
    }

    /// The exit code, or the number of the signal that ended the process; nil if it was killed after the limit.
    private static func exitCode(of child: pid_t, within limit: Duration) -> Int32? {
        let end = ContinuousClock.now + limit
        var pause: useconds_t = 500
        var status: Int32 = 0
        while true {
            if waitpid(child, &status, WNOHANG) == child {
                return status & 0x7f == 0 ? (status >> 8) & 0xff : status & 0x7f
            }
            guard ContinuousClock.now < end else {
                kill(-child, SIGKILL)
                waitpid(child, &status, 0)
                return nil
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }
}
