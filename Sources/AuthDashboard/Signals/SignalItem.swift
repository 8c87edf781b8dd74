// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation

/// A signal in the list and in the event stream, without its data.
struct SignalItem: Codable, Hashable, Sendable {
    /// The state of a signal as the page shows it.
    enum State: String, Codable, Sendable {
        case pending, deferred, confirmed, unrouted, parked

        /// Whether the relay will still change the row.
        var isOpen: Bool { self == .pending || self == .deferred }
    }

    var id: String
    var sequence: Int64
    var name: String
    var subject: String?
    var time: String
    var state: State
    /// From the commit to the broker's answer, in milliseconds; nil while the row is pending.
    var confirmMilliseconds: Int?
    var traceID: String?

    init(_ record: OutboxRecord) {
        let draft = record.row.draft
        id = draft.id.wireText
        sequence = record.row.sequence
        name = draft.name.rawValue
        subject = draft.subject
        time = draft.time.wireText
        state =
            switch record.state {
            case .pending: record.deferredUntil == nil ? .pending : .deferred
            case .confirmed: .confirmed
            case .unrouted: .unrouted
            case .parked: .parked
            }
        confirmMilliseconds = record.settledAt.map {
            let milliseconds = ($0.timeIntervalSince(draft.time) * 1000).rounded()
            // The times come from a database that other programs can write.
            return Int(min(max(0, milliseconds), 1e15))
        }
        traceID = Self.traceID(of: draft.trace)
    }

    /// The trace id of a W3C `traceparent` (`00-<32 digits>-<16 digits>-01`).
    private static func traceID(of trace: [String: String]) -> String? {
        let parts = trace["traceparent"]?.split(separator: "-") ?? []
        guard parts.count >= 4, parts[1].utf8.count == 32, parts[1].allSatisfy(\.isHexDigit) else {
            return nil
        }
        return String(parts[1])
    }

    private enum CodingKeys: String, CodingKey {
        case id, sequence, name, subject, time, state, confirmMilliseconds = "confirm_ms",
            traceID = "trace_id"
    }
}

extension OutboxRecord {
    /// The time of the next attempt of a deferred signal; nil if it is published as soon as possible.
    ///
    /// A signal that an operator publishes again is due at the first millisecond of 1970.
    var deferredUntil: Date? { notBefore.flatMap { $0.timeIntervalSince1970 > 1 ? $0 : nil } }
}
