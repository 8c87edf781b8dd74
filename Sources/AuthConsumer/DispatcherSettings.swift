// SPDX-License-Identifier: Apache-2.0

/// The limits and options of a ``SignalDispatcher``; the defaults suit most handlers.
public struct DispatcherSettings: Sendable {
    /// How much of a handler's error is written into the headers of the failed message.
    public struct ErrorDetail: Hashable, Sendable {
        private enum Kind { case type, text }
        private let kind: Kind
        /// The error's type.
        public static let type = ErrorDetail(kind: .type)
        /// The error's type and its description, which may contain personal data.
        public static let text = ErrorDetail(kind: .text)
    }

    /// The maximum number of subjects that are handled concurrently; less than 1 is 1. The source's prefetch should be
    /// twice that.
    public var concurrency = 8
    /// How long a handler may run, unless it has its own limit; after that it counts as failed.
    public var handlerTimeout: Duration = .seconds(300)
    /// When a failed handler is retried, unless it has its own ladder.
    public var retries = RetrySchedule.standard
    /// When a handler that fails for all messages is not called for a while; nil: never.
    public var circuitBreaker: CircuitBreakerSettings? = CircuitBreakerSettings()
    /// What the message's headers contain of a handler's error, at most 1 KiB.
    public var errorDetail = ErrorDetail.type
    /// Runs around every handler, the first one outermost.
    public var middleware: [any SignalMiddleware] = []
    /// How long a graceful stop waits for running handlers; deliveries that are not settled by then are redelivered.
    public var finishWithin: Duration = .seconds(25)
    /// How long the inbox keeps the mark of a handled message: longer than the whole retry ladder and the retention of
    /// dead letters.
    public var inboxRetention: Duration = .seconds(40 * 86_400)
    /// How often old marks are deleted from the inbox.
    public var pruneInterval: Duration = .seconds(3600)
    /// The first delay before republishing a copy is retried; it doubles up to 30 s.
    public var republishPause: Duration = .milliseconds(100)

    public init() {}
}
