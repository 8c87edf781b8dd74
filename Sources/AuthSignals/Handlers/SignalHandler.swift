// SPDX-License-Identifier: Apache-2.0

/// One entry of ``SignalHandlers``.
public struct SignalHandler: Sendable {
    /// Which signals the handler receives.
    public enum Interest: Hashable, Sendable {
        case name(SignalName)
        case pattern(SignalPattern)
    }

    /// How the handler runs.
    public enum Work: Sendable {
        /// Without a transaction; at least once.
        case plain(@Sendable (SignalEvent, SignalContext) async throws -> Void)
        /// In the inbox's transaction; its writes are applied once.
        case transactional(@Sendable (SignalEvent, SignalContext, any InboxTransaction) throws -> Void)
    }

    public let name: String
    public let interest: Interest
    /// The signal types it decodes; empty if it receives undecoded events.
    public let types: [any Signal.Type]
    /// A handler of batches also handles one message alone, as a batch of one.
    public let work: Work
    /// nil for a handler without options: most handlers have none, and are copied often.
    private let extras: Extras?

    /// What a worker does differently for this handler.
    public var options: HandlerOptions { extras?.options ?? HandlerOptions() }
    /// How it receives several messages in one call; nil if it receives one at a time.
    public var batch: HandlerBatch? { extras?.batch }

    private final class Extras: Sendable {
        let options: HandlerOptions
        let batch: HandlerBatch?

        init(_ options: HandlerOptions, _ batch: HandlerBatch?) {
            self.options = options
            self.batch = batch
        }
    }

    init(
        name: String, interest: Interest, types: [any Signal.Type], options: HandlerOptions? = nil,
        batch: HandlerBatch? = nil,
        run: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) {
        self.name = name
        self.interest = interest
        self.types = types
        extras = options.map { Extras($0, batch) }
        work = .plain(run)
    }

    init(
        name: String, interest: Interest, types: [any Signal.Type], options: HandlerOptions? = nil,
        once: @escaping @Sendable (SignalEvent, SignalContext, any InboxTransaction) throws -> Void
    ) {
        self.name = name
        self.interest = interest
        self.types = types
        extras = options.map { Extras($0, nil) }
        work = .transactional(once)
    }

    /// Whether a message is for this handler: it satisfies the handler's `where:`.
    ///
    /// - Throws: ``SignalError`` if the message cannot be decoded for it.
    public func accepts(_ event: SignalEvent) throws -> Bool {
        guard let accepts = extras?.options.accepts else { return true }
        return try accepts(event)
    }

    /// Whether the handler has a `where:`, so that its signals are not known from their names.
    package var isConditional: Bool { extras?.options.accepts != nil }

    /// Whether the handler receives signals with that name.
    public func takes(_ signal: SignalName) -> Bool {
        switch interest {
        case .name(let name): name == signal
        case .pattern(let pattern): pattern.matches(signal)
        }
    }
}
