// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// A process that holds a lock: util-linux's `flock` running a `cat` that exits when its input is closed.
final class LockHolder: Sendable {
    private let process = Process()
    private let input = Pipe()

    init(_ file: String) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        process.arguments = ["--close", file, "sh", "-c", "echo held; exec cat"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
    }

    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        // Foundation reports the exit only when the process's children have exited too.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
