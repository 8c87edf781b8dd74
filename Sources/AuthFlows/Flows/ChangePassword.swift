// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A new password, and the current one; nil if the user has none yet.
public struct ChangePassword: Sendable {
    public var current: Password?
    public var new: Password?

    public init(current: Password? = nil, new: Password? = nil) {
        self.current = current
        self.new = new
    }
}

extension Accounts {
    /// Changes the caller's password, or sets their first one: `password_changed` or `password_set`.
    ///
    /// The user's unverified addresses are deleted, each with `email_removed`, because an attacker may have added them.
    /// If no address is verified, the primary one stays.
    ///
    /// All other sessions of the user end, each with `session_ended`. With `ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE` the
    /// caller's session ends too, with `user_logged_out` before; otherwise it gets a new token.
    ///
    /// - Throws: ``PasswordHasherError`` if the hashing queue is full; the store's errors.
    public func changePassword(_ form: ChangePassword, _ context: FlowContext) async throws
        -> FlowResult<Authentication>
    {
        if settings.social.socialOnly { return .closed }
        let user: User
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user(let authentication): user = authentication.user
        }
        if let seconds = try await secondsUntilAllowed(.changePassword, context, user: user.id) {
            return .rateLimited(retryAfter: seconds)
        }
        let addresses = try await store.read { try $0.emailAddresses(of: user.id) }
        var refusals: [Refusal] = []
        if user.passwordHash != nil {
            let current = form.current ?? Password("")
            if current.exposedText.isEmpty {
                refusals.append(.required(field: "current_password"))
            } else if current.exposedText.utf8.count > Password.longest {
                refusals.append(wrongCurrent)
            } else if try await !passwords.verify(current, user.passwordHash).isRight {
                refusals.append(wrongCurrent)
            }
        }
        let new = form.new ?? Password("")
        refusals += PasswordRules(minLength: settings.passwordMinLength).refusals(
            of: new, field: "new_password",
            similarTo: addresses.map(\.email) + [user.username].compactMap { $0 })
        refusals += hooks.validatePassword(new)
        guard refusals.isEmpty else { return .refused(refusals) }
        let hash = try await passwords.hash(new)
        return try await withTransaction(context) { flow in
            try flow.changePassword(of: user, to: hash, refusal: wrongCurrent)
        }
    }

    private var wrongCurrent: Refusal {
        Refusal(.enterCurrentPassword, field: "current_password", .enterCurrentPassword)
    }

    /// The pending flows of an anonymous session.
    func pending(of session: Session?) -> PendingAuthentication {
        session?.pending(settings, clock.now()) ?? PendingAuthentication()
    }
}

extension FlowTransaction {
    func changePassword(of known: User, to hash: PasswordHash, refusal: Refusal) throws
        -> FlowResult<Authentication>
    {
        // Another request may have changed the password while it was compared.
        guard var user = try transaction.user(id: known.id), var session = try session(),
            session.userID == user.id
        else { return .gone }
        guard user.passwordHash == known.passwordHash else { return .refused(refusal) }
        let first = user.passwordHash == nil
        user.passwordHash = hash
        try transaction.update(user)
        try dropPendingAddresses(of: user)
        session.state.pendingCodes[.verifyEmail] = nil
        var ended = try endSessions(of: user, except: session.id, because: .passwordChanged)
        if settings.logoutOnPasswordChange {
            try logOut(user, session, because: .passwordChanged)
            ended += 1
        }
        if first {
            try transaction.emit(PasswordSet(request: request, user: snapshot(of: user)))
        } else {
            try transaction.emit(
                PasswordChanged(request: request, user: snapshot(of: user), loggedOutSessions: ended))
        }
        try notify(first ? .passwordSet : .passwordChanged, user)
        if settings.logoutOnPasswordChange { return .unauthenticated(PendingAuthentication()) }
        let token = try rotate(&session)
        return .success(try authentication(of: user, session, newToken: token))
    }
}
