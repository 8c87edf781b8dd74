// SPDX-License-Identifier: Apache-2.0
public import Foundation
public import Logging
public import Tracing

/// What a handler is told beside the signal.
public struct SignalContext: Sendable {
    /// The event's id: pass it on as the idempotency key of what you call.
    public var id: UUID
    public var name: SignalName
    public var source: String
    public var subject: String?
    public var time: Date
    /// Strictly increasing in commit order; a handler that cares for order compares it.
    public var sequence: Int64?
    public var correlationID: String?
    /// 1 for the first attempt of this handler at this message.
    public var attempt: Int
    /// Carries the signal's name and id, never its payload.
    public var logger: Logger {
        get {
            // Made when somebody logs: most handlers never do.
            var logger = plainLogger
            logger[metadataKey: "signal"] = "\(name)"
            logger[metadataKey: "id"] = "\(id.wireText)"
            return logger
        }
        set { plainLogger = newValue }
    }
    private var plainLogger: Logger
    /// The trace that the signal was emitted in, continued.
    public var trace: ServiceContext

    public init(event: SignalEvent, attempt: Int = 1, logger: Logger, trace: ServiceContext = .topLevel) {
        id = event.id
        name = event.name
        source = event.source
        subject = event.subject
        time = event.time
        sequence = event.sequence
        correlationID = event.correlationID
        self.attempt = attempt
        plainLogger = logger
        self.trace = trace
    }
}
