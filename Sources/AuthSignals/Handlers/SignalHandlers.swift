// SPDX-License-Identifier: Apache-2.0

/// The table of handlers: which code runs for which signal.
///
/// ```swift
/// var handlers = SignalHandlers()
/// handlers.on(UserLoggedIn.self, as: "welcome") { signal, context in
///     context.logger.info("welcome back", metadata: ["user": "\(signal.user.id)"])
/// }
/// handlers.on(matching: "socialaccount.#", as: "audit") { event, context in … }
/// handlers.onUnhandled(as: "rest") { event, context in … }
/// ```
///
/// A handler's name is its identity in the inbox, in retries and in dead letters: keep it when the code
/// changes. The same table can be used by a worker and, after the commit, for in-process receivers.
public struct SignalHandlers: Sendable {
    /// The handlers in the order in which they were added.
    public private(set) var all: [SignalHandler] = []
    /// The handler of signals that match no handler of ``all``.
    public private(set) var unhandled: SignalHandler?

    public init() {}

    /// Adds a handler for one signal.
    ///
    /// - Parameters:
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - body: called at least once per message; returning means success.
    public mutating func on<S: Signal>(
        _ type: S.Type, as name: String,
        _ body: @escaping @Sendable (S, SignalContext) async throws -> Void
    ) {
        add(
            SignalHandler(name: name, interest: .name(S.name), types: [S.self]) {
                (event: SignalEvent, context: SignalContext) in
                try await body(event.decode(S.self), context)
            })
    }

    /// Adds a handler for every signal whose name matches a pattern.
    public mutating func on(
        matching pattern: SignalPattern, as name: String,
        _ body: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) {
        add(SignalHandler(name: name, interest: .pattern(pattern), types: [], run: body))
    }

    /// Adds a handler for one signal that writes in the inbox's transaction: its writes are applied once.
    ///
    /// The body cannot suspend. The module of the inbox in use gives access to the transaction's database.
    public mutating func once<S: Signal>(
        _ type: S.Type, as name: String,
        _ body: @escaping @Sendable (S, SignalContext, any InboxTransaction) throws -> Void
    ) {
        add(
            SignalHandler(name: name, interest: .name(S.name), types: [S.self]) {
                (event: SignalEvent, context: SignalContext, transaction: any InboxTransaction) in
                try body(event.decode(S.self), context, transaction)
            })
    }

    /// Sets the handler for signals that match no other handler; without it they are acknowledged.
    public mutating func onUnhandled(
        as name: String, _ body: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) {
        check(name)
        precondition(unhandled == nil, "the table already has a handler for unhandled signals")
        unhandled = SignalHandler(name: name, interest: .pattern("#"), types: [], run: body)
    }

    /// The handlers that match a signal, in order; if none match, the handler for unhandled signals.
    public func handlers(for name: SignalName) -> [SignalHandler] {
        let taking = all.filter { $0.takes(name) }
        return taking.isEmpty ? unhandled.map { [$0] } ?? [] : taking
    }

    /// The handler with that name.
    public func handler(named name: String) -> SignalHandler? {
        all.first { $0.name == name } ?? (unhandled?.name == name ? unhandled : nil)
    }

    private mutating func add(_ handler: SignalHandler) {
        check(handler.name)
        all.append(handler)
    }

    private func check(_ name: String) {
        if let fault = fault(inName: name) { preconditionFailure(fault) }
    }

    /// Why a handler cannot have that name in this table; nil if it can.
    package func fault(inName name: String) -> String? {
        let isWellFormed =
            (1...100).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-".utf8.contains(byte)
            }
        if !isWellFormed { return "a handler's name must have 1 to 100 characters of a-z A-Z 0-9 . _ -" }
        return handler(named: name) == nil ? nil : "the table already has a handler named “\(name)”"
    }
}
