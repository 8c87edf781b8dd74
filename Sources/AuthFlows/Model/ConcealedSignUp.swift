// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A sign-up whose address is taken. To prevent enumeration, its result was the same as if it had created an account.
/// It is kept because the caller may change the address while it is pending, and a free address then gets an account.
public struct ConcealedSignUp: Hashable, Sendable, Codable {
    public var username: String?
    /// The hash of the password, sealed.
    public var sealedHash: Data?
    /// The identity from the provider, for a sign-up by a provider.
    public var social: PendingSocialSignup?

    /// - Throws: what sealing throws.
    init(username: String?, _ hash: PasswordHash?, keys: KeyRing) throws {
        self.username = username
        sealedHash = try hash.map {
            try keys.seal(Data($0.exposedText.utf8), for: .session, context: Self.context)
        }
    }

    /// - Throws: what sealing throws.
    init(username: String?, _ identity: SocialIdentity, keys: KeyRing, at now: Date) throws {
        self.username = username
        social = try PendingSocialSignup(identity, keys: keys, at: now)
    }

    /// - Throws: ``KeyRingError`` if the hash cannot be opened.
    func passwordHash(_ keys: KeyRing) throws -> PasswordHash? {
        try sealedHash.map {
            PasswordHash(
                stored: String(
                    decoding: try keys.open($0, for: .session, context: Self.context), as: UTF8.self))
        }
    }

    private static let context = "concealed sign-up"
}
