// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Dispatch
import Foundation

/// Stops a transaction between its reads and its first write, so that a test can run another one in between.
///
/// Bounded: a store that makes the other transaction wait, because it has one writer or because the reads have locked
/// their rows, is not blocked forever. The stopped transaction then continues and commits first.
final class WriteHold: Sendable {
    /// Long enough for a transaction that does not have to wait.
    private static let bound = DispatchTimeInterval.milliseconds(300)

    private let gate = DispatchSemaphore(value: 0)
    private let arrived = Locked(false)

    /// Whether a transaction has reached its first write, or ended without one.
    var hasArrived: Bool { arrived.value }

    func arrive() { arrived.change { $0 = true } }

    /// Lets the stopped transaction write, and all later ones.
    func open() { gate.signal() }

    /// Called on the thread of the transaction, which is made for blocking.
    func stop() {
        arrive()
        _ = gate.wait(timeout: .now() + Self.bound)
        gate.signal()
    }
}

/// A store whose transactions stop at a ``WriteHold`` before their first write.
struct HeldStore: AccountStore {
    let store: any OperatedStore
    let hold: WriteHold

    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        try await store.transaction { [hold] transaction in
            try body(HeldTransaction(transaction, hold))
        }
    }

    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R {
        try await store.read(body)
    }
}

/// A transaction that stops before its first write.
private final class HeldTransaction: AccountTransaction {
    private let transaction: any AccountTransaction
    private let hold: WriteHold
    private var hasWritten = false

    init(_ transaction: any AccountTransaction, _ hold: WriteHold) {
        self.transaction = transaction
        self.hold = hold
    }

    private var writing: any AccountTransaction {
        if !hasWritten { hold.stop() }
        hasWritten = true
        return transaction
    }

    var now: Date { transaction.now }

    func user(id: User.ID) throws -> User? { try transaction.user(id: id) }
    func user(username: String) throws -> User? { try transaction.user(username: username) }
    func emailAddress(id: EmailAddress.ID) throws -> EmailAddress? { try transaction.emailAddress(id: id) }
    func emailAddresses(of user: User.ID) throws -> [EmailAddress] {
        try transaction.emailAddresses(of: user)
    }
    func emailAddresses(matching email: String) throws -> [EmailAddress] {
        try transaction.emailAddresses(matching: email)
    }
    func session(tokenHash: Data) throws -> Session? { try transaction.session(tokenHash: tokenHash) }
    func sessions(of user: User.ID, now: Date) throws -> [Session] {
        try transaction.sessions(of: user, now: now)
    }
    func socialAccount(provider: String, uid: String) throws -> SocialAccount? {
        try transaction.socialAccount(provider: provider, uid: uid)
    }
    func socialAccounts(of user: User.ID) throws -> [SocialAccount] {
        try transaction.socialAccounts(of: user)
    }
    func providerToken(of account: SocialAccount.ID) throws -> ProviderToken? {
        try transaction.providerToken(of: account)
    }

    func emit(_ signal: some Signal) throws { try writing.emit(signal) }
    func queue(_ mail: MailDraft) throws { try writing.queue(mail) }
    func insert(_ user: User) throws { try writing.insert(user) }
    func update(_ user: User) throws { try writing.update(user) }
    func delete(_ user: User) throws { try writing.delete(user) }
    func beginSignup(of user: User.ID) throws { try writing.beginSignup(of: user) }
    func completeSignup(of user: User.ID) throws -> Bool { try writing.completeSignup(of: user) }
    func insert(_ address: EmailAddress) throws { try writing.insert(address) }
    func update(_ address: EmailAddress) throws { try writing.update(address) }
    func delete(_ address: EmailAddress) throws { try writing.delete(address) }
    func insert(_ session: Session) throws { try writing.insert(session) }
    func update(_ session: Session) throws { try writing.update(session) }
    func delete(_ session: Session) throws { try writing.delete(session) }
    func markSeen(_ session: Session.ID, at time: Date) throws { try writing.markSeen(session, at: time) }
    func deleteSessions(of user: User.ID, except kept: Session.ID?) throws -> Int {
        try writing.deleteSessions(of: user, except: kept)
    }
    func deleteExpiredSessions(limit: Int) throws -> Int { try writing.deleteExpiredSessions(limit: limit) }
    func insert(_ account: SocialAccount) throws { try writing.insert(account) }
    func update(_ account: SocialAccount) throws { try writing.update(account) }
    func delete(_ account: SocialAccount) throws { try writing.delete(account) }
    func store(_ token: ProviderToken, of account: SocialAccount.ID) throws {
        try writing.store(token, of: account)
    }
    func use(_ token: OneTimeToken) throws -> Bool { try writing.use(token) }
}
