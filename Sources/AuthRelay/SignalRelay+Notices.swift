// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Synchronization

extension SignalRelay {
    /// Counts and logs: names and ids, never an address or a payload.
    func tell(_ notice: RelayNotice) {
        metrics.count(notice)
        switch notice {
        case .confirmed(let count): logger.debug("confirmed", metadata: ["count": "\(count)"])
        case .unrouted(let name, let id): logUnrouted(name, id)
        case .nacked(let name, let id, let delay):
            logger.warning(
                "the broker did not store a signal; it is sent again",
                metadata: ["signal": "\(name)", "id": "\(id.wireText)", "in": "\(delay)"])
        case .parked(let name, let id, let reason):
            logger.error(
                "the broker refuses a signal for good",
                metadata: ["signal": "\(name)", "id": "\(id.wireText)", "reason": "\(reason)"])
        case .channelClosed: break
        case .suspected(let signal, let code, let delay):
            logger.warning(
                "the broker closed the channel over a signal; it is sent again alone, and parked the third time",
                metadata: [
                    "signal": "\(signal.name)", "id": "\(signal.id.wireText)", "code": "\(code)",
                    "reason": "\(signal.reason)", "closings": "\(signal.closings)", "in": "\(delay)",
                ])
        case .isolated(let count):
            logger.notice(
                "the broker closed the channel repeatedly; signals that were in flight are sent one at a time",
                metadata: ["count": "\(count)"])
        case .unknown(let count):
            logger.warning(
                "the broker has not answered for all signals; they are sent again",
                metadata: ["count": "\(count)"])
        case .republished(let count):
            logger.info("signals were sent again", metadata: ["count": "\(count)"])
        }
    }

    private func logUnrouted(_ name: SignalName, _ id: UUID) {
        var metadata: Logger.Metadata = ["signal": "\(name)", "id": "\(id.wireText)"]
        if configuration.required.contains(name) {
            logger.error("no queue is bound for a required signal", metadata: metadata)
        } else if let count = unrouted.count(name, at: clock.now()) {
            metadata["count"] = "\(count)"
            logger.notice("no queue is bound for a signal", metadata: metadata)
        }
    }
}

/// Which unrouted signals are logged: the first of a name, then at most one a minute, which counts the others.
final class UnroutedLog: Sendable {
    private struct Entry {
        var loggedAt: Date
        var count = 0
    }
    private let entries = Mutex<[SignalName: Entry]>([:])

    /// - Returns: how many signals of that name a line is to count; nil while it is not to be logged.
    func count(_ name: SignalName, at now: Date) -> Int? {
        entries.withLock { entries in
            let count = (entries[name]?.count ?? 0) + 1
            if let last = entries[name]?.loggedAt, now >= last, now < last + 60 {
                entries[name]?.count = count
                return nil
            }
            entries[name] = Entry(loggedAt: now)
            return count
        }
    }
}
