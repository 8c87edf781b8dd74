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
    public let work: Work

    init(
        name: String, interest: Interest, types: [any Signal.Type],
        run: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) {
        self.name = name
        self.interest = interest
        self.types = types
        work = .plain(run)
    }

    init(
        name: String, interest: Interest, types: [any Signal.Type],
        once: @escaping @Sendable (SignalEvent, SignalContext, any InboxTransaction) throws -> Void
    ) {
        self.name = name
        self.interest = interest
        self.types = types
        work = .transactional(once)
    }

    /// Whether the handler receives signals with that name.
    public func takes(_ signal: SignalName) -> Bool {
        switch interest {
        case .name(let name): name == signal
        case .pattern(let pattern): pattern.matches(signal)
        }
    }
}
