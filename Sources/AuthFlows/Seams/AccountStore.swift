// SPDX-License-Identifier: Apache-2.0

/// Where accounts live. Operations speak the domain's words; SQL stays in the implementation.
public protocol AccountStore: Sendable {
    /// Runs `body` in one write transaction: its rows, its signals and its mails commit together or not at
    /// all. What it returns commits, a refusal too; a throw rolls back.
    ///
    /// The body cannot suspend: no network, no hashing, no waiting inside, by construction.
    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R

    /// Runs `body` on a consistent view of the store.
    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R
}

/// A unique constraint that a write would break: somebody else was faster.
public enum StoreConflict: Error, Hashable, Sendable {
    /// The username is another user's.
    case username
    /// The address is verified by another user.
    case verifiedEmail
    /// The user has that address already.
    case duplicateEmail
    /// The user has a primary address already.
    case primaryEmail
    /// The account at the provider is connected already.
    case socialAccount
}
