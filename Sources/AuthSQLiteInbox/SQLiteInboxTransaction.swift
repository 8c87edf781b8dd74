// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import GRDB

/// The transaction in which a mark is written.
public struct SQLiteInboxTransaction: InboxTransaction {
    /// The database, inside the transaction: writes are committed together with the mark, or not at all.
    public let db: Database
}

extension SignalHandlers {
    /// Adds a transactional handler of one signal, which writes in the inbox's transaction: its writes happen once.
    ///
    /// ```swift
    /// handlers.once(UserSignedUp.self, as: "profiles") { signal, context, db in
    ///     try db.execute(sql: "INSERT INTO profile (user) VALUES (?)", arguments: [signal.user.id])
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - type: The type of the signal.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - retry: When a failed message is retried, and how often.
    ///   - timeout: How long the handler may run; nil: as long as the worker allows.
    ///   - concurrency: How many runs of this handler may overlap; nil: as many as the worker's concurrency.
    ///   - predicate: Whether a message is for this handler.
    ///   - body: Cannot suspend; it receives the database of a ``SQLiteInbox``.
    @_disfavoredOverload
    public mutating func once<S: Signal>(
        _ type: S.Type, as name: String, retry: HandlerRetry = .default, timeout: Duration? = nil,
        concurrency: Int? = nil, where predicate: (@Sendable (S) -> Bool)? = nil,
        _ body: @escaping @Sendable (S, SignalContext, Database) throws -> Void
    ) {
        once(
            type, as: name, retry: retry, timeout: timeout, concurrency: concurrency, where: predicate
        ) { (signal: S, context: SignalContext, transaction: any InboxTransaction) in
            try body(signal, context, Self.database(of: transaction, for: name))
        }
    }

    /// Adds a transactional handler of every signal whose name matches a pattern.
    ///
    /// - Parameters:
    ///   - pattern: The pattern that names must match.
    ///   - name: 1 to 100 characters of `a-z A-Z 0-9 . _ -`, unique in the table.
    ///   - retry: When a failed message is retried, and how often.
    ///   - timeout: How long the handler may run; nil: as long as the worker allows.
    ///   - concurrency: How many runs of this handler may overlap; nil: as many as the worker's concurrency.
    ///   - predicate: Whether a message is for this handler.
    ///   - body: Cannot suspend; it receives the database of a ``SQLiteInbox``.
    @_disfavoredOverload
    public mutating func once(
        matching pattern: SignalPattern, as name: String, retry: HandlerRetry = .default,
        timeout: Duration? = nil, concurrency: Int? = nil,
        where predicate: (@Sendable (SignalEvent) -> Bool)? = nil,
        _ body: @escaping @Sendable (SignalEvent, SignalContext, Database) throws -> Void
    ) {
        once(
            matching: pattern, as: name, retry: retry, timeout: timeout, concurrency: concurrency,
            where: predicate
        ) { (event: SignalEvent, context: SignalContext, transaction: any InboxTransaction) in
            try body(event, context, Self.database(of: transaction, for: name))
        }
    }

    private static func database(
        of transaction: any InboxTransaction, for name: String
    ) throws(InboxError) -> Database {
        guard let transaction = transaction as? SQLiteInboxTransaction else {
            throw InboxError(
                .foreignTransaction, "the handler “\(name)” needs a SQLiteInbox for its transaction")
        }
        return transaction.db
    }
}
