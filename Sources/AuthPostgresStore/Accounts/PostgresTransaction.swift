// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthPostgres
public import AuthSignals
import AuthStore
public import Foundation

/// A write transaction of the store.
///
/// ```swift
/// try await store.transaction { transaction in
///     try transaction.connection.query("INSERT INTO invoice …", [.uuid(user.id)])
///     try transaction.emit(InvoicePaid(…))
/// }
/// ```
///
/// Reads by a key lock what they read, so that it stays as it was read until the transaction ends. Writes that need no
/// answer are put off: they are sent with the next read, or with COMMIT. A violated constraint is therefore thrown by a
/// later call, or by the commit. An application's own statements must not change the store's tables.
///
/// Signals are inserted last, when all locks are held: of two transactions that change the same user or session, the
/// signals of the one that commits first have the lower numbers.
public final class PostgresTransaction: PostgresReading, AccountTransaction {
    public let now: Date
    let store: PostgresStore
    /// The signals that were emitted.
    var drafts: [SignalDraft] = []
    /// Whether mails were queued.
    var queuesMails = false
    /// When sessions were used, if that is not written yet.
    var seen: [Session.ID: Date] = [:]
    /// Whether the application has opened the transaction, so that the store does not see its end.
    private let isJoined: Bool

    /// - Parameter isJoined: whether the caller does not call ``finish()``.
    init(_ connection: PostgresConnection, _ store: PostgresStore, isJoined: Bool = false) {
        self.store = store
        self.isJoined = isJoined
        now = store.clock.now().wholeMilliseconds
        super.init(connection, store)
    }

    /// Puts a statement off until the next read, or until COMMIT.
    func later(_ statement: PostgresStatement, _ values: [PostgresValue]) {
        connection.later(statement, values)
    }

    /// Puts the update of one row off.
    ///
    /// - Parameter isKnown: whether the row was read, so that it is locked and exists. Otherwise the answer is checked
    ///   before COMMIT, which takes a round trip more.
    func update(_ statement: PostgresStatement, _ values: [PostgresValue], isKnown: Bool = false) {
        if isKnown { return later(statement, values) }
        connection.later(statement, values) { affected in
            if affected == 0 { throw StoreError(.missingRow, "the row to update does not exist") }
        }
    }

    // MARK: Signals and mails

    public func emit(_ signal: some Signal) throws {
        try emit(store.codec.draft(signal, at: now))
    }

    /// Writes a signal that is already encoded.
    package func emit(_ draft: SignalDraft) throws {
        if isJoined { return try insert([draft]) }
        drafts.append(draft)
    }

    public func queue(_ mail: MailDraft) throws {
        let id = UUID.version7(at: now)
        let draft = try keys.seal(SignalCodec.encoder().encode(mail), for: .mail, context: id.wireText)
        later(.queueMail, [.uuid(id), .time(now), .bytes(draft)])
        queuesMails = true
    }

    // MARK: Users

    public func insert(_ user: User) throws {
        later(.insertUser, user.values)
        cache.begin(user)
    }

    public func update(_ user: User) throws {
        update(.updateUser, user.values, isKnown: cache.users[user.id] != nil)
        cache.set(user)
    }

    public func delete(_ user: User) throws {
        let mails = try mails(to: user.id.wireText).found
        if !mails.isEmpty { later(.deleteMails, [.uuids(mails)]) }
        later(.deleteUser, [.uuid(user.id)])
        cache.remove(user.id)
    }

    public func beginSignup(of user: User.ID) throws { later(.beginSignup, [.uuid(user)]) }

    public func completeSignup(of user: User.ID) throws -> Bool {
        try query(.completeSignup, [.uuid(user)]).affected > 0
    }

    // MARK: Addresses

    public func insert(_ address: EmailAddress) throws {
        lock(addressKey: address.key)
        later(.insertAddress, address.values)
        cache.insert(address)
    }

    public func update(_ address: EmailAddress) throws {
        let known = cache.key(of: address)
        if known != AccountCache.key(address.key) { lock(addressKey: address.key) }
        update(.updateAddress, address.values, isKnown: known != nil)
        cache.update(address)
    }

    public func delete(_ address: EmailAddress) throws {
        later(.deleteAddress, [.uuid(address.id)])
        cache.delete(address)
    }

    // MARK: Sessions

    public func markSeen(_ session: Session.ID, at time: Date) throws {
        seen[session] = max(time, seen[session] ?? time)
        cache.markSeen(session, at: time.stored)
        if isJoined { writeSeen() }
    }

    override func willReadSessions() { writeSeen() }

    // A user who took the username after the statement that locks is locked by the one that reads.
    override var accountByName: PostgresStatement { .lockedAccountByName }

    override func lock(_ statement: PostgresStatement, _ values: [PostgresValue]) { later(statement, values) }
}
