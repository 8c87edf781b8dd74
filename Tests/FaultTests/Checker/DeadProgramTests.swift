// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import ProgramSupport
import Testing

/// A process that dies in a trial is reported as such, and at once: nothing waits for what it cannot do any more.
@Suite struct DeadProgramTests {
    private func shell(_ command: String) throws -> Program {
        try Program(URL(filePath: "/bin/sh"), ["-c", command], environment: [:])
    }

    @Test func `a wait ends as soon as a process has died, with how it died and what it logged last`()
        async throws
    {
        let program = try shell("echo 'its last words' >&2; kill -ILL $$")
        let start = ContinuousClock.now
        let error = await #expect(throws: Mishap.self) {
            try await EventualWatch.$check.withValue({ try program.checkIsAlive() }) {
                try await eventually(within: .seconds(120), "something came that never comes") { false }
            }
        }
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(error?.description.contains("sh -c has died, with signal 4") == true)
        #expect(error?.description.contains("its last words") == true)
    }

    @Test func `a process that ends of itself has died, too; one that was sent a signal has not`()
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

    @Test func `a process that is to kill itself may, but may not die otherwise`() async throws {
        let killed = try shell("kill -KILL $$")
        #expect(try await killed.exitCode() == SIGKILL)
        try killed.checkIsAlive(killsItself: true)
        #expect(throws: Mishap.self) { try killed.checkIsAlive() }
        let aborted = try shell("kill -ABRT $$")
        #expect(try await aborted.exitCode() == SIGABRT)
        #expect(throws: Mishap.self) { try aborted.checkIsAlive(killsItself: true) }
    }
}
