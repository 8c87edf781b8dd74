// SPDX-License-Identifier: Apache-2.0

/// A password hashing scheme of another system: a seam, so that users can be imported without new passwords.
///
/// A hash of such a scheme is replaced by a scrypt hash when its user next logs in.
public protocol PasswordScheme: Sendable {
    /// Whether a stored hash uses this scheme.
    func recognizes(_ hash: PasswordHash) -> Bool

    /// Whether the password matches the hash. Compare in constant time, and refuse parameters that would need too much
    /// memory or time.
    ///
    /// It may block: it runs on one of the hasher's threads, a bounded number at a time.
    func verify(_ password: Password, _ hash: PasswordHash) throws -> Bool
}
