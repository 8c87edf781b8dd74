// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// A user who is moved over from elsewhere.
public struct ImportedUser: Sendable {
    public var username: String?
    /// Their primary address.
    public var email: String?
    /// Whether they have proved elsewhere that it is theirs.
    public var isEmailVerified = false
    /// Django's string of `pbkdf2_sha256` or `scrypt`, or one of a ``PasswordScheme`` of the hasher's: it is
    /// made anew when they next log in. Nil: they have no password.
    public var passwordHash: PasswordHash?
    public var isActive = true
    public var dateJoined: Date
    public var lastLogin: Date?

    public init(
        username: String? = nil, email: String? = nil, isEmailVerified: Bool = false,
        passwordHash: PasswordHash? = nil, isActive: Bool = true, dateJoined: Date, lastLogin: Date? = nil
    ) {
        self.username = username
        self.email = email
        self.isEmailVerified = isEmailVerified
        self.passwordHash = passwordHash
        self.isActive = isActive
        self.dateJoined = dateJoined
        self.lastLogin = lastLogin
    }
}

extension Users {
    /// Moves a user over, without a signal: their account is not new.
    ///
    /// - Throws: ``Refusal`` for a name or address that is none; ``StoreConflict`` where the name, or the
    ///   verified address, is somebody's already.
    @discardableResult
    public func add(_ imported: ImportedUser) async throws -> User {
        let checks = FieldChecks(settings: accounts.settings)
        let email = try checks.email(imported.email, required: false).get()
        let username = try checks.username(imported.username, required: false).get()
        return try await accounts.store.transaction { transaction in
            let now = transaction.now
            let user = User(
                id: .version7(at: now), username: username, isActive: imported.isActive,
                dateJoined: imported.dateJoined, lastLogin: imported.lastLogin,
                passwordHash: imported.passwordHash)
            try transaction.insert(user)
            if let email {
                try transaction.insert(
                    EmailAddress(
                        id: .version7(at: now), userID: user.id, email: email,
                        verified: imported.isEmailVerified, primary: true))
            }
            return user
        }
    }

    /// Takes an address for verified on an administrator's word: `email_confirmed`. The primary address stays
    /// what it is.
    ///
    /// - Returns: false where the user has no such address that is not verified yet.
    /// - Throws: ``StoreConflict/verifiedEmail`` where another user has proved that it is theirs.
    @discardableResult
    public func confirmEmail(_ email: String, of id: User.ID) async throws -> Bool {
        try await accounts.step(Visit()) { step in
            guard let user = try step.transaction.user(id: id),
                var address = try step.transaction.emailAddresses(of: id).first(where: { $0.isNamed(email) }),
                !address.verified
            else { return false }
            address.verified = true
            try step.transaction.update(address)
            try step.transaction.emit(
                EmailConfirmed(
                    request: step.request, user: step.snapshot(of: user), emailAddress: address.snapshot))
            return true
        }
    }
}
