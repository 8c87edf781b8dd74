// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthBrokerTools
import AuthServiceKit
import Foundation

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "Inspect, requeue and delete the dead letters of a consumer's queue.",
        discussion: """
            QUEUE is the consumer's queue; its dead letters are in QUEUE.dead. Inspecting a dead letter counts
            as a delivery. If a policy sets a delivery-limit for QUEUE.dead, RabbitMQ would delete dead letters
            that are inspected too often, so the command stops without inspecting any. With
            BROKER_MANAGEMENT_URL all policies are checked; without it, a policy whose pattern matches only the
            name QUEUE.dead is not found. Settings: BROKER_URL, with a user that may configure, write and read
            QUEUE and QUEUE.*; BROKER_MANAGEMENT_URL.
            """,
        subcommands: [
            DeadListCommand.self, DeadShowCommand.self, DeadRequeueCommand.self, DeadDropCommand.self,
            DeadEraseCommand.self,
        ])

    /// Inspects a queue's dead letters and applies a decision to each.
    ///
    /// - Parameter verb: the decision in the progress on standard error, such as “requeued”; nil for no progress.
    /// - Throws: `ProcessFailure` if the broker is not reachable, if it refused copies, or after an interruption.
    @discardableResult
    static func visit(
        _ queue: String, progressVerb verb: String?,
        _ decide: @escaping @Sendable (DeadLetter) -> DeadLetterQueue.Verdict
    ) async throws -> DeadLetterQueue.Tally {
        var (settings, management) = try OperatorBroker.settings()
        // Include messages that were dead-lettered because they were too large for a worker.
        settings.largestBody = 16 << 20
        let interruption = await Interruption.listening()
        let progress = Progress()
        let tally = try await ProcessFailure.convertingBrokerErrors {
            if let management { try await checkLimit(of: queue + ".dead", management) }
            let deadLetters = try DeadLetterQueue(
                queue: queue, settings, limitCheck: management == nil ? .probe : .probeIfPermitted)
            return try await deadLetters.visit(
                isInterrupted: { interruption.isRequested },
                progress: { tally in
                    if let verb { progress.report(verb, tally) }
                }, decide)
        }
        if verb != nil { progress.end() }
        if tally.refused > 0 {
            throw ProcessFailure(
                .failed,
                "the broker refused \(tally.refused) copies, whose dead letters remain; "
                    + "\(tally.requeued) dead letters requeued")
        }
        if tally.isInterrupted {
            throw ProcessFailure(
                .failed,
                "interrupted after \(tally.seen) of \(tally.present) dead letters, \(tally.removed) of them "
                    + "\(verb ?? "removed"); run the command again to continue")
        }
        return tally
    }

    /// - Throws: `BrokerError` if a policy limits how often a dead letter can be inspected.
    private static func checkLimit(of queue: String, _ management: ManagementAPI) async throws {
        guard let found = try await management.queue(queue), let limit = found.deliveryLimitByPolicy else {
            return
        }
        throw BrokerError.deliveryLimit(limit, of: queue, policies: found.policyNames)
    }
}

/// Prints the progress on standard error; on a terminal in one line that is overwritten.
private struct Progress: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func report(_ verb: String, _ tally: DeadLetterQueue.Tally) {
        let text =
            "\(tally.seen) of \(tally.present) inspected, \(tally.removed) \(verb)"
            + (tally.isBlocked ? "; the broker blocks publishing (memory or disk alarm)" : "")
        write(isTerminal ? "\r\(text)\u{1B}[K" : text + "\n")
    }

    func end() { if isTerminal { write("\n") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
