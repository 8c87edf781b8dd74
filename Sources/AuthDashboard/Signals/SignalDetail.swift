// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation

/// One signal with its redacted message and what the store knows of its way.
struct SignalDetail: Encodable {
    /// Something that happened to the row.
    struct Event: Encodable {
        var time: String?
        var event: String
        var detail: String?
    }

    private let item: SignalItem
    private let message: JSONValue?
    private let history: [Event]
    private let attempts: Int
    private let routingKey: String
    private let brokerText: String?

    /// - Parameter codec: encodes the message as the relay does.
    init(_ record: OutboxRecord, codec: SignalCodec) {
        item = SignalItem(record)
        attempts = record.row.attempts
        brokerText = record.reason
        let sent = codec.message(for: record.row)
        routingKey = sent.routingKey
        message = (try? SignalCodec.decoder().decode(JSONValue.self, from: sent.body)).map(
            Redaction.catalog.redact)
        history = Self.history(of: record)
    }

    private static func history(of record: OutboxRecord) -> [Event] {
        var events = [Event(time: record.row.draft.time.wireText, event: "emitted")]
        if record.row.attempts > 0 {
            let count = record.row.attempts
            events.append(
                Event(
                    event: "attempted", detail: count == 1 ? "1 failed attempt" : "\(count) failed attempts"))
        }
        if let due = record.deferredUntil {
            events.append(
                Event(time: due.wireText, event: "deferred", detail: "published again at this time"))
        }
        switch record.state {
        case .pending: break
        case .confirmed: events.append(Event(time: record.settledAt?.wireText, event: "confirmed"))
        case .unrouted:
            events.append(
                Event(
                    time: record.settledAt?.wireText, event: "unrouted",
                    detail: "confirmed by the broker, but no queue was bound for it"))
        case .parked:
            events.append(
                Event(time: record.settledAt?.wireText, event: "parked", detail: record.reason))
        }
        return events
    }

    func encode(to encoder: any Encoder) throws {
        try item.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(message, forKey: .message)
        try container.encode(history, forKey: .history)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(routingKey, forKey: .routingKey)
        try container.encode(brokerText, forKey: .brokerText)
    }

    private enum CodingKeys: String, CodingKey {
        case message, history, attempts, routingKey = "routing_key", brokerText = "broker_text"
    }
}
