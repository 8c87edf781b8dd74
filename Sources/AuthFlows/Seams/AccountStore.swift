// SPDX-License-Identifier: Apache-2.0

/// The store of accounts. Its operations are named after the domain; SQL stays in the implementation.
public protocol AccountStore: Sendable {
    /// Runs `body` in one write transaction: its rows, its signals and its mails commit together or not at all. The
    /// transaction commits if `body` returns, even a refusal, and rolls back if `body` throws.
    ///
    /// The body is synchronous, so that it cannot wait for the network, hashing or other tasks.
    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R

    /// Runs `body` on a consistent view of the store.
    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R
}

/// A unique constraint that a write would violate, because a concurrent transaction committed first.
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
