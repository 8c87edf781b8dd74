// SPDX-License-Identifier: Apache-2.0
import CBare
import Foundation

/// Runs this program as a child process with one job, and other programs.
enum Child {
    /// The time limit of a job in seconds.
    private static let patience: TimeInterval = 1800

    static var executable: URL { URL(filePath: "/proc/self/exe").resolvingSymlinksInPath() }

    /// Runs a job in its own process.
    ///
    /// - Parameters:
    ///   - cores: where the process runs.
    ///   - counter: counts its instructions; nil to measure its time.
    ///   - folder: for the counter's report.
    static func run(
        _ job: Job, on cores: [Int32], counter: InstructionCounter? = nil, folder: String
    ) async throws -> Outcome {
        let json = String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
        return try await withCheckedThrowingContinuation { continuation in
            Thread {
                // A child inherits the cores of the thread that starts it. This thread ends afterwards.
                _ = bare_pin(0, cores, Int32(cores.count))
                continuation.resume(with: Result { try runWaiting(json, job.kind, counter, folder) })
            }.start()
        }
    }

    private static func runWaiting(
        _ json: String, _ kind: Job.Kind, _ counter: InstructionCounter?, _ folder: String
    ) throws -> Outcome {
        let arguments = ["job", json]
        var outcome: Outcome
        let what = "the job \(kind.rawValue)"
        if let counter {
            let report = "\(folder)/instructions.txt"
            try? FileManager.default.removeItem(atPath: report)
            let command = counter.wrapped(counter.executable, arguments, report: report)
            let bytes = try output(of: command.tool, command.arguments, as: what)
            outcome = try JSONDecoder().decode(Outcome.self, from: bytes)
            outcome.instructions = counter.instructions(in: report)
        } else {
            let bytes = try output(of: executable.path, arguments, as: what)
            outcome = try JSONDecoder().decode(Outcome.self, from: bytes)
        }
        return outcome
    }

    /// Runs a program and returns its standard output.
    ///
    /// - Throws: ``BenchError`` if it does not exit with 0.
    static func output(
        of program: String, _ arguments: [String], as what: String? = nil
    ) throws -> Data {
        let process = Process()
        let output = Pipe()
        _ = fcntl(output.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        let watch = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: watch)
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        watch.cancel()
        guard process.terminationStatus == 0 else { throw BenchError("\(what ?? program) failed") }
        return bytes
    }

    /// The path of a program in PATH.
    static func find(_ program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
