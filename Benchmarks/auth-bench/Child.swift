// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Runs this program as a child process with one job.
enum Child {
    /// The time limit of a job in seconds.
    private static let patience: TimeInterval = 1800

    static func run(_ job: Job) async throws -> Outcome {
        let json = String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
        return try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try runWaiting(json, job.kind) }) }.start()
        }
    }

    private static func runWaiting(_ json: String, _ kind: Job.Kind) throws -> Outcome {
        let process = Process()
        let output = Pipe()
        _ = fcntl(output.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["job", json]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        let watch = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: watch)
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        watch.cancel()
        guard process.terminationStatus == 0 else { throw BenchError("the job \(kind.rawValue) failed") }
        return try JSONDecoder().decode(Outcome.self, from: bytes)
    }
}
