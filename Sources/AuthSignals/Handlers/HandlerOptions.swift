// SPDX-License-Identifier: Apache-2.0

/// What a worker does differently for one handler; the defaults are the worker's own settings.
public struct HandlerOptions: Sendable {
    /// When a failed message is retried, and how often.
    public var retry = HandlerRetry.default
    /// How long the handler may run; nil: as long as the worker allows.
    public var timeout: Duration?
    /// How many runs of the handler may overlap in a process, from 1; nil: as many as the worker's concurrency.
    public var concurrency: Int?
    /// Whether a message is for the handler; nil: all are.
    public var accepts: (@Sendable (SignalEvent) throws -> Bool)?

    public init() {}
}

/// How a handler receives several messages in one call.
public struct HandlerBatch: Sendable {
    /// The largest number of messages of a call, from 1.
    public var size: Int
    /// How long the first message of a batch waits for others at most.
    public var delay: Duration
    /// Handles the messages of a batch, in the order in which they were delivered.
    public var run: @Sendable ([(event: SignalEvent, context: SignalContext)]) async throws -> Void
}
