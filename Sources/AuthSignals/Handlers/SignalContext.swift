// SPDX-License-Identifier: Apache-2.0
public import Foundation
public import Logging
public import Tracing

/// What a handler receives along with the signal: the event's attributes, the attempt, a logger and the trace.
public struct SignalContext: Sendable {
    /// The event's id: use it as the idempotency key of calls to other services.
    public var id: UUID
    public var name: SignalName
    public var source: String
    public var subject: String?
    public var time: Date
    /// Strictly increasing in commit order; compare it if the order matters to the handler.
    public var sequence: Int64?
    public var correlationID: String?
    /// The number of this handler's attempt at this message, starting at 1.
    public var attempt: Int
    /// Carries the signal's name and id, never its payload.
    public var logger: Logger {
        get {
            // Built on access, since most handlers never log.
            var logger = plainLogger
            logger[metadataKey: "signal"] = "\(name)"
            logger[metadataKey: "id"] = "\(id.wireText)"
            return logger
        }
        set { plainLogger = newValue }
    }
    private var plainLogger: Logger
    /// The continued trace of the code that emitted the signal.
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
