// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import ProgramSupport
import Testing

/// A process that crashes in a trial is reported at once, with its exit status: no wait runs until its time-out.
@Suite struct DeadProgramTests {
    private func shell(_ command: String) throws -> Program {
        try Program(URL(filePath: "/bin/sh"), ["-c", command], environment: [:])
    }

    @Test func `a wait ends as soon as a process crashes, with its exit status and last log lines`()
        async throws
    {
        let program = try shell("echo 'its last log line' >&2; kill -ILL $$")
        let start = ContinuousClock.now
        let error = await #expect(throws: Mishap.self) {
            try await EventualWatch.$check.withValue({ try program.checkIsAlive() }) {
                try await eventually(within: .seconds(120), "a condition that is never true") { false }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(error?.description.contains("sh -c ended unexpectedly with signal 4") == true)
        #expect(error?.description.contains("its last log line") == true)
    }

    @Test func `an exit without a signal from the test counts as a crash; a stopped process does not`()
        async throws
    {
        let program = try shell("exit 3")
        _ = try await program.exitCode()
        let error = #expect(throws: Mishap.self) { try program.checkIsAlive(killsItself: true) }
        #expect(error?.description.contains("exit code 3") == true)
        let stopped = try shell("sleep 100")
        try stopped.checkIsAlive()
        try await stopped.stop(SIGKILL)
        try stopped.checkIsAlive()
    }

    @Test func `a process that is expected to kill itself must end with SIGKILL`() async throws {
        let killed = try shell("kill -KILL $$")
        #expect(try await killed.exitCode() == SIGKILL)
        try killed.checkIsAlive(killsItself: true)
        #expect(throws: Mishap.self) { try killed.checkIsAlive() }
        let aborted = try shell("kill -ABRT $$")
        #expect(try await aborted.exitCode() == SIGABRT)
        #expect(throws: Mishap.self) { try aborted.checkIsAlive(killsItself: true) }
    }
}
