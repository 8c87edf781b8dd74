// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// An emitted signal as it is stored, before the outbox assigns its sequence number.
public struct SignalDraft: Hashable, Sendable {
    /// The event's id, generated once (CloudEvents `id`, AMQP `message-id`).
    public var id: UUID
    public var name: SignalName
    /// The version of the signal's schema.
    public var schemaVersion: Int
    /// The person the signal is about, a UUID in lower case; nil if no user is known.
    public var subject: String?
    /// When it was emitted, in whole milliseconds.
    public var time: Date
    /// The request's id.
    public var correlationID: UUID
    /// W3C trace context of the emitting code: `traceparent`, `tracestate`; empty without an active trace.
    public var trace: [String: String]
    /// The event's `data`: a JSON object.
    public var data: Data

    public init(
        id: UUID, name: SignalName, schemaVersion: Int = 1, subject: String?, time: Date, correlationID: UUID,
        trace: [String: String] = [:], data: Data
    ) {
        self.id = id
        self.name = name
        self.schemaVersion = schemaVersion
        self.subject = subject?.asSubject
        self.time = time
        self.correlationID = correlationID
        self.trace = trace
        self.data = data
    }
}
