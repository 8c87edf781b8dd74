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
    ///   - type: the type of the signal.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - retry: When a failed message is retried, and how often.
    ///   - timeout: How long the handler may run; then it has failed. nil: as long as the worker allows.
    ///   - concurrency: How many runs of this handler may overlap in a process, from 1; messages that wait for a run
    ///     do not occupy the worker's own concurrency. nil: as many as the worker's concurrency.
    ///   - predicate: Whether a message is for this handler. Another message is skipped: it counts as settled without
    ///     a mark in the inbox, and is not passed to the handler for unhandled signals either.
    ///   - body: called at least once per message; returning means success.
    public mutating func on<S: Signal>(
        _ type: S.Type, as name: String, retry: HandlerRetry = .default, timeout: Duration? = nil,
        concurrency: Int? = nil, where predicate: (@Sendable (S) -> Bool)? = nil,
        _ body: @escaping @Sendable (S, SignalContext) async throws -> Void
    ) {
        add(
            SignalHandler(
                name: name, interest: .name(S.name), types: [S.self],
                options: options(retry, timeout, concurrency, where: predicate)
            ) { (event: SignalEvent, context: SignalContext) in
                try await body(event.decode(S.self), context)
            })
    }

    /// Adds a handler for every signal whose name matches a pattern.
    ///
    /// - Parameters:
    ///   - pattern: The pattern that names must match.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - retry: When a failed message is retried, and how often.
    ///   - timeout: How long the handler may run; nil: as long as the worker allows.
    ///   - concurrency: How many runs of this handler may overlap; nil: as many as the worker's concurrency.
    ///   - predicate: Whether a message is for this handler; see ``on(_:as:retry:timeout:concurrency:where:_:)``,
    ///     also for the others.
    ///   - body: Called at least once per message; returning means success.
    public mutating func on(
        matching pattern: SignalPattern, as name: String, retry: HandlerRetry = .default,
        timeout: Duration? = nil, concurrency: Int? = nil,
        where predicate: (@Sendable (SignalEvent) -> Bool)? = nil,
        _ body: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) {
        add(
            SignalHandler(
                name: name, interest: .pattern(pattern), types: [],
                options: options(retry, timeout, concurrency, accepting: predicate), run: body))
    }

    /// Adds a handler for one signal that receives several messages in one call.
    ///
    /// ```swift
    /// handlers.onBatch(UserLoggedIn.self, as: "statistics", upTo: 100, within: .milliseconds(200)) { batch in
    ///     try await statistics.insert(batch.map { signal, context in (context.id, signal.user.id) })
    /// }
    /// ```
    ///
    /// Messages are collected and, if the handler returns, acknowledged together. While they wait for others they
    /// occupy nothing of the worker's concurrency, but they are unacknowledged: a batch is never larger than the
    /// source's prefetch. Batches of one handler run one after the other, and messages of one subject keep their
    /// order; a message of the same subject for another handler waits for the batch.
    ///
    /// If the handler throws, or runs for too long, each message of the batch is handled again alone, as a batch of one
    /// that succeeds, is retried or is dead-lettered for itself. The call for the whole batch is not counted as an
    /// attempt. A message that failed before, or that may have crashed a worker, is always handled alone. Middleware
    /// runs once around a call, with the first message.
    ///
    /// - Parameters:
    ///   - type: the type of the signal.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - size: The largest number of messages of a call; below 1 counts as 1.
    ///   - delay: How long the first message of a batch waits for others at most.
    ///   - retry: when a failed message is retried, and how often.
    ///   - timeout: How long one call may run.
    ///   - predicate: Whether a message is for this handler; see ``on(_:as:retry:timeout:concurrency:where:_:)``.
    ///   - body: called with the messages in the order in which they were delivered, at least one.
    public mutating func onBatch<S: Signal>(
        _ type: S.Type, as name: String, upTo size: Int, within delay: Duration,
        retry: HandlerRetry = .default, timeout: Duration? = nil,
        where predicate: (@Sendable (S) -> Bool)? = nil,
        _ body: @escaping @Sendable ([(signal: S, context: SignalContext)]) async throws -> Void
    ) {
        let options = options(retry, timeout, nil, where: predicate) ?? HandlerOptions()
        let batch = HandlerBatch(size: max(1, size), delay: max(.zero, delay)) { messages in
            var decoded: [(signal: S, context: SignalContext)] = []
            for (event, context) in messages { decoded.append((try event.decode(S.self), context)) }
            try await body(decoded)
        }
        add(
            SignalHandler(
                name: name, interest: .name(S.name), types: [S.self], options: options, batch: batch
            ) { (event: SignalEvent, context: SignalContext) in
                try await batch.run([(event, context)])
            })
    }

    /// Adds a handler for one signal that writes in the inbox's transaction: its writes are applied once.
    ///
    /// The body cannot suspend. The module of the inbox in use gives access to the transaction's database.
    ///
    /// - Parameters:
    ///   - type: The type of the signal.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - retry: When a failed message is retried, and how often.
    ///   - timeout: How long the handler may run; nil: as long as the worker allows.
    ///   - concurrency: How many runs of this handler may overlap; nil: as many as the worker's concurrency.
    ///   - predicate: Whether a message is for this handler; see ``on(_:as:retry:timeout:concurrency:where:_:)``,
    ///     also for the others.
    ///   - body: Called at least once per message; returning means success.
    public mutating func once<S: Signal>(
        _ type: S.Type, as name: String, retry: HandlerRetry = .default, timeout: Duration? = nil,
        concurrency: Int? = nil, where predicate: (@Sendable (S) -> Bool)? = nil,
        _ body: @escaping @Sendable (S, SignalContext, any InboxTransaction) throws -> Void
    ) {
        add(
            SignalHandler(
                name: name, interest: .name(S.name), types: [S.self],
                options: options(retry, timeout, concurrency, where: predicate)
            ) { (event: SignalEvent, context: SignalContext, transaction: any InboxTransaction) in
                try body(event.decode(S.self), context, transaction)
            })
    }

    /// Adds a handler for every signal whose name matches a pattern, which writes in the inbox's transaction.
    ///
    /// - Parameters:
    ///   - pattern: The pattern that names must match.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - retry: When a failed message is retried, and how often.
    ///   - timeout: How long the handler may run; nil: as long as the worker allows.
    ///   - concurrency: How many runs of this handler may overlap; nil: as many as the worker's concurrency.
    ///   - predicate: Whether a message is for this handler; see ``on(_:as:retry:timeout:concurrency:where:_:)``,
    ///     also for the others.
    ///   - body: Called at least once per message; returning means success.
    public mutating func once(
        matching pattern: SignalPattern, as name: String, retry: HandlerRetry = .default,
        timeout: Duration? = nil, concurrency: Int? = nil,
        where predicate: (@Sendable (SignalEvent) -> Bool)? = nil,
        _ body: @escaping @Sendable (SignalEvent, SignalContext, any InboxTransaction) throws -> Void
    ) {
        add(
            SignalHandler(
                name: name, interest: .pattern(pattern), types: [],
                options: options(retry, timeout, concurrency, accepting: predicate), once: body))
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

    /// nil if all are the defaults.
    private func options<S: Signal>(
        _ retry: HandlerRetry, _ timeout: Duration?, _ concurrency: Int?,
        where predicate: (@Sendable (S) -> Bool)?
    ) -> HandlerOptions? {
        let accepts = predicate.map { predicate in
            { @Sendable (event: SignalEvent) throws -> Bool in predicate(try event.decode(S.self)) }
        }
        return options(retry, timeout, concurrency, accepting: accepts)
    }

    private func options(
        _ retry: HandlerRetry, _ timeout: Duration?, _ concurrency: Int?,
        accepting predicate: (@Sendable (SignalEvent) throws -> Bool)?
    ) -> HandlerOptions? {
        if retry == .default, timeout == nil, concurrency == nil, predicate == nil { return nil }
        var options = HandlerOptions()
        options.retry = retry
        options.timeout = timeout
        options.concurrency = concurrency.map { max(1, $0) }
        options.accepts = predicate
        return options
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
