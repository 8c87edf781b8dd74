// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// A user who is imported from another system.
public struct ImportedUser: Sendable {
    public var username: String?
    /// The user's primary address.
    public var email: String?
    /// Whether the other system has verified the address.
    public var isEmailVerified = false
    /// Django's string of `pbkdf2_sha256` or `scrypt`, or a hash of one of the hasher's ``PasswordScheme``s. It is
    /// replaced when the user next logs in. Nil if the user has no password.
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
    /// Imports a user, without a signal, because the account is not new.
    ///
    /// - Throws: ``Refusal`` if the username or address is invalid; ``StoreConflict`` if another user has the username
    ///   or has verified the address.
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

    /// Marks an address as verified on behalf of an administrator: `email_confirmed`, and `signup_completed` if it is
    /// the first one of a user who has signed up. The primary address does not change.
    ///
    /// - Returns: false if the user does not have the address, or it is verified already.
    /// - Throws: ``StoreConflict/verifiedEmail`` if another user has verified the address.
    @discardableResult
    public func confirmEmail(_ email: String, of id: User.ID) async throws -> Bool {
        try await accounts.withTransaction(FlowContext()) { flow in
            guard let user = try flow.transaction.user(id: id),
                var address = try flow.transaction.emailAddresses(of: id).first(where: { $0.isNamed(email) }),
                !address.verified
            else { return false }
            address.verified = true
            try flow.transaction.update(address)
            try flow.transaction.emit(
                EmailConfirmed(
                    request: flow.request, user: flow.snapshot(of: user), emailAddress: address.snapshot))
            try flow.completeSignup(of: user, with: address)
            return true
        }
    }
}
