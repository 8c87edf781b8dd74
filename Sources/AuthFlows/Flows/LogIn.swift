// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The log-in form: an address or a username, and a password.
public struct LogIn: Sendable {
    public var email: String?
    public var username: String?
    public var password: Password?
    /// Whether the browser keeps the session when it is closed; nil if the user was not asked.
    public var remember: Bool?

    public init(
        email: String? = nil, username: String? = nil, password: Password? = nil, remember: Bool? = nil
    ) {
        self.email = email
        self.username = username
        self.password = password
        self.remember = remember
    }
}

extension Accounts {
    /// Logs in by password: `authentication_step_completed`, and `user_logged_in` after the last stage.
    ///
    /// An unknown user and a wrong password have the same result after the same work, and both emit `login_failed`; so
    /// does an inactive user with the right password.
    ///
    /// - Throws: ``PasswordHasherError`` if the hashing queue is full; the store's errors.
    public func logIn(_ form: LogIn, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        if settings.social.socialOnly { return .closed }
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .user: return .conflict
        case .anonymous: break
        }
        if let seconds = try await secondsUntilAllowed(.login, context) {
            return .rateLimited(retryAfter: seconds)
        }
        if settings.loginByCodeEnabled, settings.signupFields[.password1] == nil,
            (form.password?.exposedText ?? "").isEmpty
        {
            // If sign-up has no password field, a log-in without a password requests a code.
            return try await requestLoginCode(
                RequestLoginCode(email: form.email, username: form.username), context)
        }
        let identity: LoginIdentity
        switch LoginIdentity.read(form, settings) {
        case .success(let read): identity = read
        case .failure(let refusals): return .refused(refusals.all)
        }
        // Counted before the password is compared, and removed again if it is right.
        let ticket: RateLimitTicket
        switch try await limit(.loginFailed, context, key: identity.key) {
        case .allowed(let counted): ticket = counted
        case .refused: return .refused(.tooManyLoginAttempts())
        }
        let comparison: PasswordComparison
        do {
            comparison = try await authenticate(identity)
        } catch {
            // No password was compared.
            try? await limiter.refund(ticket)
            throw error
        }
        guard let (user, outdated) = comparison.match else {
            try await withTransaction(context) { try $0.emitWrongPassword(of: comparison.tried) }
            return .refused(identity.mismatch)
        }
        try await limiter.refund(ticket)
        guard user.isActive else {
            try await withTransaction(context) { try $0.emitInactiveUser(user, .password) }
            return .unauthenticated(PendingAuthentication())
        }
        if let refusal = try await hooks.mayLogIn(user, context) { return .refused(refusal) }

        // If the hashing queue is full, the old hash is kept.
        let newHash = outdated ? try? await passwords.hash(identity.password) : nil
        let allowance = try await confirmationAllowance(of: user, named: identity.email, context)
        if let seconds = allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        return try await withTransaction(context) { flow in
            try flow.recordPassword(
                user, identity, remember: form.remember, newHash: newHash, mayMail: allowance == .mail)
        }
    }

    /// The user whose password matches. An unknown user takes the same work.
    private func authenticate(_ identity: LoginIdentity) async throws -> PasswordComparison {
        let candidates = try await store.read { reading in
            if let email = identity.email {
                try reading.users(loggingInBy: email)
            } else {
                try identity.username.flatMap { try reading.user(username: $0) }.map { [$0] } ?? []
            }
        }
        if candidates.isEmpty {
            _ = try await passwords.verify(identity.password, nil)
            return PasswordComparison(match: nil, tried: [])
        }
        for user in candidates {
            if case .right(let outdated) = try await passwords.verify(identity.password, user.passwordHash) {
                return PasswordComparison(match: (user, outdated), tried: [])
            }
        }
        return PasswordComparison(match: nil, tried: candidates.map(\.id))
    }
}

/// The result of comparing a password with those of the users that it may belong to.
private struct PasswordComparison: Sendable {
    /// The user who has the password.
    var match: (User, outdated: Bool)?
    /// The users who do not have it, if no user has it.
    var tried: [User.ID]
}

extension FlowTransaction {
    /// Records the proved password and starts the log-in pipeline.
    func recordPassword(
        _ known: User, _ identity: LoginIdentity, remember: Bool?, newHash: PasswordHash?, mayMail: Bool
    ) throws -> FlowResult<Authentication> {
        // The password may have been changed, or the user deactivated, while the password was compared.
        guard var user = try transaction.user(id: known.id), user.passwordHash == known.passwordHash else {
            try emitWrongPassword(of: [known.id])
            return .refused(identity.mismatch)
        }
        guard user.isActive else {
            try emitInactiveUser(user, .password)
            return .unauthenticated(PendingAuthentication())
        }
        if let newHash {
            user.passwordHash = newHash
            try transaction.update(user)
        }
        let typed = identity.typed.cut(toUTF8Bytes: 254)
        let email = identity.email == nil ? nil : typed
        let username = identity.email == nil ? typed : nil
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .password, email: email,
                username: username))
        let record = AuthenticationRecord(method: .password, at: now, email: email, username: username)
        let login = PendingLogin(
            userID: user.id, stage: .verifyEmail, methods: [record], startedAt: now, remember: remember,
            email: identity.email, passwordMark: user.passwordMark)
        return try advance(login, of: user, mayMail: mayMail)
    }
}

extension FlowTransaction {
    /// Emits `login_failed` for a password that none of these users has.
    ///
    /// An unknown user takes the same queries and the same write as a known one, so that the response takes as long.
    func emitWrongPassword(of tried: [User.ID]) throws {
        let only = tried.count == 1 ? tried.first : nil
        let id = only ?? .version7(at: now)
        let user = try transaction.user(id: id)
        let addresses = try transaction.emailAddresses(of: id)
        try transaction.emit(
            LoginFailed(
                request: request, user: user?.snapshot(with: addresses), method: .password,
                reason: tried.isEmpty ? .unknownUser : .wrongPassword))
    }

    /// Emits `login_failed` for a user who has proved a factor but may not log in.
    func emitInactiveUser(_ user: User, _ method: AuthenticationMethod) throws {
        try transaction.emit(
            LoginFailed(request: request, user: snapshot(of: user), method: method, reason: .inactiveUser))
    }
}

extension AccountReading {
    /// The users whose passwords are tried: the one who has verified the address, or all who have it. More than
    /// ``FlowTransaction/mostOwners`` indicate an attack, and only those who logged in last are tried. The owner of the address
    /// can still log in by a reset or a code, which verifies the address, so that only their password is tried then.
    ///
    /// Source: allauth `account/utils.py:filter_users_by_email`, `prefer_verified`.
    fileprivate func users(loggingInBy email: String) throws -> [User] {
        let addresses = try emailAddresses(matching: email)
        let verified = addresses.filter(\.verified)
        let users = try (verified.isEmpty ? addresses : verified).compactMap { try user(id: $0.userID) }
        return Array(
            users.sorted { ($0.lastLogin ?? .distantPast) > ($1.lastLogin ?? .distantPast) }
                .prefix(FlowTransaction.mostOwners))
    }
}
