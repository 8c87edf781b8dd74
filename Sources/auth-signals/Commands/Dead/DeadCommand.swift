// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthOperations
import Foundation

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Look at the dead letters of a consumer's queue, and send them back.",
        discussion: """
            QUEUE is the consumer's queue; its dead letters are in QUEUE.dead. Settings: BROKER_URL.
            """,
        subcommands: [
            DeadListCommand.self, DeadShowCommand.self, DeadRequeueCommand.self, DeadDropCommand.self,
            DeadEraseCommand.self,
        ])

    /// Looks at a queue's dead letters and does with each what is decided.
    ///
    /// - Parameter verb: what is told of on standard error while it goes on, such as “requeued”; nil: nothing.
    /// - Throws: `ProcessFailure`: where the broker is not reachable, where copies were refused, and where it
    ///   was interrupted.
    @discardableResult
    static func visit(
        _ queue: String, telling verb: String?,
        _ decide: @escaping @Sendable (DeadLetter) -> DeadLetterBox.Verdict
    ) async throws -> DeadLetterBox.Tally {
        var configuration = try OperatorBroker.configuration()
        // Also what was set aside because it was too large for a worker.
        configuration.largestBody = 16 << 20
        let interruption = await Interruption.listening()
        let progress = Progress()
        let tally = try await ProcessFailure.naming {
            try await DeadLetterBox(queue: queue, configuration).visit(
                isInterrupted: { interruption.isRequested },
                progress: { tally in
                    if let verb { progress.tell(verb, tally) }
                }, decide)
        }
        if verb != nil { progress.end() }
        if tally.refused > 0 {
            throw ProcessFailure(
                .failed,
                "the broker did not store \(tally.refused) copies, whose letters stay; "
                    + "\(tally.requeued) were requeued")
        }
        if tally.isInterrupted {
            throw ProcessFailure(
                .failed,
                "interrupted after \(tally.seen) of \(tally.present) dead letters, \(tally.removed) of them "
                    + "\(verb ?? "removed"); run it again to go on")
        }
        return tally
    }
}

/// Tells on standard error how far a pass has come: on a terminal in one line that is written over.
private struct Progress: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func tell(_ verb: String, _ tally: DeadLetterBox.Tally) {
        let text =
            "\(tally.seen) of \(tally.present) seen, \(tally.removed) \(verb)"
            + (tally.isBlocked ? "; the broker takes no messages now (an alarm)" : "")
        write(isTerminal ? "\r\(text)\u{1B}[K" : text + "\n")
    }

    func end() { if isTerminal { write("\n") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
