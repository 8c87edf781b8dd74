// SPDX-License-Identifier: Apache-2.0

/// How a ``SignalDispatcher`` works; the defaults are right for most handlers.
public struct DispatcherConfiguration: Sendable {
    /// How much of a handler's error is written into the headers of the message it failed at.
    public struct ErrorDetail: Hashable, Sendable {
        private enum Kind { case type, text }
        private let kind: Kind
        /// The error's type.
        public static let type = ErrorDetail(kind: .type)
        /// The error's type and its description, which may hold what should be in no message.
        public static let text = ErrorDetail(kind: .text)
    }

    /// How many subjects are handled at the same time, from 1. The source's prefetch should be twice that.
    public var concurrency = 8
    /// How long a handler may take; one that takes longer has failed.
    public var handlerTimeout: Duration = .seconds(300)
    /// When a handler that failed is tried again.
    public var retries = RetrySchedule.standard
    /// What is said of a handler's error in the message's headers, at most 1 KiB.
    public var errorDetail = ErrorDetail.type
    /// Done around every handler, the first outermost.
    public var middleware: [any SignalMiddleware] = []
    /// How long a graceful stop waits for what is in hand; what is not done by then is delivered again.
    public var finishWithin: Duration = .seconds(25)
    /// How long the inbox remembers a message: longer than the whole ladder and the life of a dead letter.
    public var inboxRetention: Duration = .seconds(40 * 86_400)
    /// How often the inbox forgets.
    public var pruneInterval: Duration = .seconds(3600)
    /// The pause before a copy that the broker did not take is sent to it again; it doubles up to 30 s.
    public var movePause: Duration = .milliseconds(100)

    public init() {}
}
