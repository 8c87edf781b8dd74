// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CryptoExtras
import Foundation

/// Hashes passwords with scrypt (RFC 7914), a bounded number at a time, on its own low-priority threads.
///
/// One hash at OWASP's parameters (N = 2^17, r = 8, p = 1) takes 128 MiB and some tenths of a second. Share one
/// hasher in a process, because it limits that memory. If its queue is full, a password is rejected immediately. A
/// waiting password is not hashed if its task is cancelled or its caller disconnects (``CallerPresence``).
public final class PasswordHasher: Sendable {
    /// The cost parameters of a hash.
    public struct Cost: Hashable, Sendable {
        /// scrypt's N: a power of two from 2 to 2^18. `PASSWORD_SCRYPT_COST`.
        public var n: Int
        /// scrypt's r: the block size, 1 to 16.
        public var r = 8
        /// scrypt's p: the parallelism, 1 to 8.
        public var p = 1

        public init(n: Int = 131_072) { self.n = n }

        /// Whether the parameters are within limits: a stored hash must not be able to exhaust the memory.
        var isAcceptable: Bool {
            (2...262_144).contains(n) && n.nonzeroBitCount == 1 && (1...16).contains(r) && (1...8).contains(p)
                && n * r <= 262_144 * 8
        }

        /// The approximate duration of a hash: 0.3 s at the default cost.
        var estimate: Duration { .seconds(0.3) * n * r * p / (131_072 * 8) }
    }

    /// The result of comparing a password with a hash.
    public enum Verification: Hashable, Sendable {
        case wrong
        /// Right; `outdated` if the hash has another cost or scheme and should be replaced by a new one.
        case right(outdated: Bool)

        /// Whether it is right.
        public var isRight: Bool { self != .wrong }
    }

    private let cost: Cost
    private let schemes: [any PasswordScheme]
    private let threads: HashingThreads

    /// - Parameters:
    ///   - cost: of new hashes; stored ones are verified with their own parameters.
    ///   - concurrency: how many at a time, 1 or more. `PASSWORD_HASH_CONCURRENCY`.
    ///   - queueLimit: how many may wait. `PASSWORD_HASH_QUEUE`.
    ///   - longestWait: how long one may wait; a password that would wait longer is rejected. `PASSWORD_HASH_WAIT`.
    ///   - schemes: of hashes that were imported from other systems, beside Django's, which are always supported.
    public init(
        cost: Cost = Cost(), concurrency: Int = PasswordHashing.defaultConcurrency,
        queueLimit: Int = 64, longestWait: Duration = .seconds(5), schemes: [any PasswordScheme] = []
    ) {
        precondition(cost.isAcceptable, "scrypt's N is a power of two from 2 to 262144")
        self.cost = cost
        self.schemes = schemes + [DjangoPBKDF2()]
        threads = HashingThreads(
            count: concurrency, queueLimit: queueLimit, longestWait: longestWait, estimate: cost.estimate)
    }

    /// How many passwords wait to be hashed.
    public var waitingCount: Int { threads.waitingCount }

    /// Hashes a password with a new salt, in its normalized form.
    ///
    /// - Throws: ``PasswordHasherError`` if the queue is full; `CancellationError`.
    public func hash(_ password: Password) async throws -> PasswordHash {
        let cost = cost
        let salt = Data.random(count: 16).base64URL
        let password = password.normalized
        return try await threads.run {
            let key = try Self.derive(password, salt: salt, cost)
            return PasswordHash(
                stored: "scrypt$\(cost.n)$\(salt)$\(cost.r)$\(cost.p)$\(key.base64EncodedString())")
        }
    }

    /// Compares a password with a hash, in constant time.
    ///
    /// The normalized form is tried first. If the password was typed in another form, that form is tried too, because
    /// imported hashes and older ones of this hasher were made of passwords as they were typed. Such a hash is
    /// outdated.
    ///
    /// - Parameters:
    ///   - password: the password that was entered.
    ///   - hash: nil if the user is unknown or has no password. The same work is then done, and the result is
    ///     `wrong`. The same holds for a hash of an unknown scheme or with parameters beyond the limits.
    /// - Throws: ``PasswordHasherError``; `CancellationError`; what an application's own scheme throws.
    public func verify(_ password: Password, _ hash: PasswordHash?) async throws -> Verification {
        let normalized = password.normalized
        let verification = try await compare(normalized, hash)
        // The second form is tried even if no user is known, so that the time taken reveals nothing.
        guard !verification.isRight, !normalized.exposedText.hasSameBytes(as: password.exposedText) else {
            return verification
        }
        return try await compare(password, hash).isRight ? .right(outdated: true) : .wrong
    }

    private func compare(_ password: Password, _ hash: PasswordHash?) async throws -> Verification {
        if let hash, let stored = StoredScrypt(hash) {
            let current = cost
            return try await threads.run {
                let key = try Self.derive(password, salt: stored.salt, stored.cost, bytes: stored.key.count)
                guard stored.key.isEqualInConstantTime(to: key) else { return .wrong }
                return .right(outdated: stored.cost != current)
            }
        }
        if let hash, let scheme = schemes.first(where: { $0.recognizes(hash) }) {
            return try await threads.run {
                try scheme.verify(password, hash) ? .right(outdated: true) : .wrong
            }
        }
        _ = try await self.hash(password)
        return .wrong
    }

    private static func derive(_ password: Password, salt: String, _ cost: Cost, bytes: Int = 64) throws
        -> Data
    {
        try KDF.Scrypt.deriveKey(
            from: Data(password.exposedText.utf8), salt: Data(salt.utf8), outputByteCount: bytes,
            rounds: cost.n, blockSize: cost.r, parallelism: cost.p
        ).withUnsafeBytes { Data($0) }
    }
}

/// The queue of passwords to hash is full.
public struct PasswordHasherError: Error, Hashable, Sendable, CustomStringConvertible {
    /// When to try again, in seconds.
    public let retryAfter: Int
    public var description: String { "the queue of passwords to hash is full; try again in \(retryAfter) s" }
}
