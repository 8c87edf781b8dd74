// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation

/// Publishes stored signals to one consumer's queue, bypassing the relay: no other consumer receives them, and their
/// rows in the store do not change.
struct DirectRepublish {
    let queue: String
    let settings: InstallationSettings
    let store: any OperatedStore

    /// - Returns: the number of signals that the broker has confirmed.
    /// - Throws: `ProcessFailure` if it has not confirmed all of them; it is safe to run the command again.
    func send(_ filter: OutboxFilter) async throws -> Int {
        try await ProcessFailure.convertingBrokerErrors {
            try await DirectPublishing.toQueue(queue, settings.broker) { publisher in
                try await sendAll(filter, publisher)
            }
        }
    }

    private func sendAll(_ filter: OutboxFilter, _ publisher: QueuePublisher) async throws -> Int {
        let interruption = await Interruption.listening()
        var sent = 0
        try await store.forEachPage(of: filter) { records in
            let messages = records.map { settings.signals.codec.message(for: $0.row) }
            let outcomes = await publisher.publish(messages)
            let stored = outcomes.count { $0 == .confirmed }
            sent += stored
            if let other = outcomes.first(where: { $0 != .confirmed }) {
                let reason = other.reason(publisher.status) ?? ""
                throw ProcessFailure(
                    .failed,
                    "\(sent) signals published, the next one failed: \(reason); run the command again")
            }
            FileHandle.standardError.write(Data("\(sent) published\n".utf8))
            if interruption.isRequested {
                throw ProcessFailure(.failed, "interrupted after \(sent) signals; run the command again")
            }
        }
        return sent
    }
}
