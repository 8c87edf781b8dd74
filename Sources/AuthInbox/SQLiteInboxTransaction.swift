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
    /// - Parameter body: Cannot suspend; it receives the database of a ``SQLiteInbox``.
    @_disfavoredOverload
    public mutating func once<S: Signal>(
        _ type: S.Type, as name: String,
        _ body: @escaping @Sendable (S, SignalContext, Database) throws -> Void
    ) {
        once(type, as: name) { (signal: S, context: SignalContext, transaction: any InboxTransaction) in
            guard let transaction = transaction as? SQLiteInboxTransaction else {
                throw InboxError(
                    .foreignTransaction, "the handler “\(name)” needs a SQLiteInbox for its transaction")
            }
            try body(signal, context, transaction.db)
        }
    }
}
