// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Synchronization

/// Something to count and to log.
enum RelayLogEvent: Hashable, Sendable {
    case confirmed(Int)
    case unrouted(SignalName, UUID)
    case nacked(SignalName, UUID, delay: Duration)
    case parked(SignalName, UUID, reason: String)
    /// The broker closed the channel with one row in flight.
    case channelClosed(SignalName, code: Int)
    /// That row was deferred.
    case suspected(SuspectSignal, code: Int, delay: Duration)
    /// The broker closed the channel repeatedly: this number of rows that were in flight are published one at a time.
    case isolated(Int)
    /// The outcome of this number of rows is unknown.
    case unknown(Int)
    /// This number of rows with an unknown outcome were published again.
    case republished(Int)
}

extension SignalRelay {
    /// Counts and logs an event: signal names and ids, never an address or a payload.
    func report(_ event: RelayLogEvent) {
        metrics.count(event)
        switch event {
        case .confirmed(let count): logger.debug("signals confirmed", metadata: ["count": "\(count)"])
        case .unrouted(let name, let id): logUnrouted(name, id)
        case .nacked(let name, let id, let delay):
            logger.warning(
                "signal nacked by the broker; deferred",
                metadata: ["signal": "\(name)", "id": "\(id.wireText)", "in": "\(delay)"])
        case .parked(let name, let id, let reason):
            logger.error(
                "signal refused by the broker; parked",
                metadata: ["signal": "\(name)", "id": "\(id.wireText)", "reason": "\(reason)"])
        case .channelClosed: break
        case .suspected(let signal, let code, let delay):
            logger.warning(
                "channel closed by the broker because of a signal; deferred, parked after the third time",
                metadata: [
                    "signal": "\(signal.name)", "id": "\(signal.id.wireText)", "code": "\(code)",
                    "reason": "\(signal.reason)", "closings": "\(signal.closings)", "in": "\(delay)",
                ])
        case .isolated(let count):
            logger.notice(
                "channel closed repeatedly by the broker; signals that were in flight are published one at a time",
                metadata: ["count": "\(count)"])
        case .unknown(let count):
            logger.warning(
                "outcome of signals unknown; publishing them again",
                metadata: ["count": "\(count)"])
        case .republished(let count):
            logger.info("signals published again", metadata: ["count": "\(count)"])
        }
    }

    private func logUnrouted(_ name: SignalName, _ id: UUID) {
        var metadata: Logger.Metadata = ["signal": "\(name)", "id": "\(id.wireText)"]
        if settings.required.contains(name) {
            logger.error("required signal unrouted: no queue is bound", metadata: metadata)
        } else if let count = unrouted.count(name, at: clock.now()) {
            metadata["count"] = "\(count)"
            logger.notice("signal unrouted: no queue is bound", metadata: metadata)
        }
    }
}

/// Rate-limits the log messages about unrouted signals: the first of a name is logged, then at most one a minute, which
/// includes the number of the others.
final class UnroutedLog: Sendable {
    private struct Entry {
        var loggedAt: Date
        var count = 0
    }
    private let entries = Mutex<[SignalName: Entry]>([:])

    /// - Returns: The number of signals of that name to log; nil if the signal must not be logged now.
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
