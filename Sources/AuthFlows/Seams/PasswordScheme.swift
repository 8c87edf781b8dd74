// SPDX-License-Identifier: Apache-2.0

/// A way in which passwords were hashed elsewhere: a seam, so that users can be moved over without new
/// passwords.
///
/// A hash of such a scheme is made anew with scrypt when its user next logs in.
public protocol PasswordScheme: Sendable {
    /// Whether a stored hash is one of this scheme.
    func recognizes(_ hash: PasswordHash) -> Bool

    /// Whether the password is that of the hash. Compare in constant time, and refuse parameters that would
    /// ask for all the memory or time there is.
    ///
    /// It may block: it runs on a thread of its own, a bounded number at a time.
    func verify(_ password: Password, _ hash: PasswordHash) throws -> Bool
}
