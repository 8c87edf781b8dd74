// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The store of accounts. Its operations are named after the domain; SQL stays in the implementation.
public protocol AccountStore: Sendable {
    /// Runs `body` in one write transaction: its rows, its signals and its mails commit together or not at all. The
    /// transaction commits if `body` returns, even a refusal, and rolls back if `body` throws.
    ///
    /// The body is synchronous, so that it cannot wait for the network, hashing or other tasks.
    ///
    /// The body may run more than once. If a concurrent transaction prevents the commit, or if a commit that it shares
    /// with others fails, everything that the body wrote is undone and the body runs again, at most 5 times. It must
    /// therefore do nothing outside the transaction.
    ///
    /// A user, a session or an address that the body reads by a key stays as it was read until the transaction ends: no
    /// concurrent transaction changes it in between.
    ///
    /// - Throws: ``StoreConflict`` if a write violates a unique constraint; ``UnknownOutcome`` if the connection was
    ///   lost during the commit; other errors of ``TemporaryFailure`` if the store cannot be used at the moment; and
    ///   what `body` throws.
    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R

    /// Runs `body` on a consistent view of the store. The body may run more than once; the result of its last run is
    /// returned.
    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R

    /// The session whose token has that SHA-256, with its user, as ``AccountReading/holder(tokenHash:)`` finds it. Every
    /// authenticated request asks for it, so a store may answer concurrent calls by one read; the default is a read of
    /// its own.
    ///
    /// The result contains everything that was committed before the call.
    ///
    /// - Throws: what ``read(_:)`` throws.
    func holder(tokenHash: Data) async throws -> SessionHolder?
}

extension AccountStore {
    public func holder(tokenHash: Data) async throws -> SessionHolder? {
        try await read { try $0.holder(tokenHash: tokenHash) }
    }
}

/// A unique constraint that a write would violate, because a concurrent transaction committed first.
///
/// It is thrown by the write, or when the transaction commits. It ends the transaction: the body must throw it, and
/// nothing that it wrote is committed.
public enum StoreConflict: Error, Hashable, Sendable {
    /// Another user has the username.
    case username
    /// Another user has verified the address.
    case verifiedEmail
    /// The user has that address already.
    case duplicateEmail
    /// The user has a primary address already.
    case primaryEmail
    /// The account at the provider is connected already.
    case socialAccount
}
