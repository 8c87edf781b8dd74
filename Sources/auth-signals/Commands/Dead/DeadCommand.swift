// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthOperations
import Foundation

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Look at the dead letters of a consumer's queue, and send them back.",
        discussion: """
            QUEUE is the consumer's queue; its dead letters are in QUEUE.dead. A look counts as a delivery:
            where a policy has a delivery-limit for QUEUE.dead, RabbitMQ would delete what is looked at too
            often, and nothing is looked at. With BROKER_MANAGEMENT_URL every policy is seen; without it, one
            whose pattern matches the one name QUEUE.dead only is not. Settings: BROKER_URL, with a user that
            may configure, write and read QUEUE and QUEUE.*; BROKER_MANAGEMENT_URL.
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
        var (configuration, management) = try OperatorBroker.settings()
        // Also what was set aside because it was too large for a worker.
        configuration.largestBody = 16 << 20
        let interruption = await Interruption.listening()
        let progress = Progress()
        let tally = try await ProcessFailure.naming {
            if let management { try await checkLimit(of: queue + ".dead", management) }
            let box = try DeadLetterBox(
                queue: queue, configuration, limitCheck: management == nil ? .probe : .probeIfPermitted)
            return try await box.visit(
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

    /// - Throws: `BrokerError` if a policy limits how often a letter can be looked at.
    private static func checkLimit(of queue: String, _ management: ManagementAPI) async throws {
        guard let found = try await management.queue(queue), let limit = found.deliveryLimitByPolicy else {
            return
        }
        throw BrokerError.deliveryLimit(limit, of: queue, policies: found.policyNames)
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
