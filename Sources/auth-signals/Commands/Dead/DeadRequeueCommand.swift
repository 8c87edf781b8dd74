// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker

struct DeadRequeueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue",
        abstract: "Republish dead letters to the consumer's queue, with the attempts reset to zero.",
        discussion: """
            A dead letter is deleted after the broker has confirmed its copy, so the command may be interrupted
            and run again: at worst a message is queued twice, and a consumer with an inbox handles it once.
            Messages that fail again in the meantime are not requeued a second time. Dead letters are requeued
            in the order of the queue: oldest first, unless an earlier inspection or requeue was interrupted.
            """)

    @OptionGroup var change: DeadChange

    func run() async throws { try await change.make(.requeue, "requeued") }
}
