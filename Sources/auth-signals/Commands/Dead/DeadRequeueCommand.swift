// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker

struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Send dead letters back to that consumer's queue; its attempts are counted anew.",
        discussion: """
            A letter is deleted after the broker has confirmed its copy, so that it may be interrupted and run
            again: at worst a copy is there twice, and an inbox handles it once. What fails again meanwhile
            is not looked at a second time. They go in the order of the queue: oldest first, unless a look or
            a pass was cut off before.
            """)

    @OptionGroup var change: DeadChange

    func run() async throws { try await change.make(.requeue, "requeued") }
}
