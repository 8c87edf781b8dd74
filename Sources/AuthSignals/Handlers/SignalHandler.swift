// SPDX-License-Identifier: Apache-2.0

/// One entry of the table of handlers.
public struct SignalHandler: Sendable {
    /// Which signals it takes.
    public enum Interest: Hashable, Sendable {
        case name(SignalName)
        case pattern(SignalPattern)
    }

    /// How it runs.
    public enum Work: Sendable {
        /// On its own; at least once.
        case plain(@Sendable (SignalEvent, SignalContext) async throws -> Void)
        /// In the inbox's transaction; its writes happen once.
        case transactional(@Sendable (SignalEvent, SignalContext, any InboxTransaction) throws -> Void)
    }

    public let name: String
    public let interest: Interest
    /// The signals it decodes; none where it takes events as they are.
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

    /// Whether it takes signals of that name.
    public func takes(_ signal: SignalName) -> Bool {
        switch interest {
        case .name(let name): name == signal
        case .pattern(let pattern): pattern.matches(signal)
        }
    }
}
