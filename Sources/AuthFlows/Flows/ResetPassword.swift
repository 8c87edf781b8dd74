// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A new password, and the key or code from the mail.
public struct ResetPassword: Sendable {
    /// The key of a link, or a code.
    public var key: String?
    public var password: Password?

    public init(key: String? = nil, password: Password? = nil) {
        self.key = key
        self.password = password
    }
}

extension Accounts {
    /// Returns the user whose password a key or a code would reset.
    ///
    /// A wrong code counts as an attempt. A right one verifies the address that it was mailed to
    /// (`email_confirmed`) and remains valid for the reset itself; its time-out is restarted, once.
    public func passwordReset(for key: String?, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<User>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        return try await withTransaction(context) { flow in
            try flow.checkReset(key ?? "").map { proof in
                try flow.confirm(proof)
                return proof.user
            }
        }
    }

    /// Resets a password: `email_confirmed` if the link or the code proved an address that was not verified,
    /// then `password_reset`, in this order for links and codes alike. With `ACCOUNT_LOGIN_ON_PASSWORD_RESET` the
    /// log-in follows.
    ///
    /// Unverified addresses are deleted, each with `email_removed` before `password_reset`, because an attacker may
    /// have added them and could use their links to regain access.
    ///
    /// All sessions of the user end, each with `session_ended`. If the caller is logged in as another user, that
    /// session ends with `user_logged_out`. Failed log-ins that were counted under the user's own addresses are removed
    /// from the rate limiter; others are not.
    ///
    /// - Throws: ``PasswordHasherError`` if the hashing queue is full; the store's errors.
    public func resetPassword(_ form: ResetPassword, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        if let seconds = try await secondsUntilAllowed(.resetPasswordFromKey, context) {
            return .rateLimited(retryAfter: seconds)
        }
        let key = form.key ?? ""
        let password = form.password ?? Password("")
        // The key or code is checked first, so that a guess does not cost a hash.
        let checked = try await withTransaction(context) { try $0.checkReset(key) }
        if case .refused(let refusals) = checked, password.exposedText.isEmpty {
            return .refused(refusals + [.required(field: "password")])
        }
        return try await checked.then { try await resetPassword($0, key, password, context) }
    }

    /// Resets a password with a key or code that was right.
    private func resetPassword(
        _ proof: ResetProof, _ key: String, _ password: Password, _ context: FlowContext
    ) async throws -> FlowResult<Authentication> {
        let user = proof.user
        let addresses = proof.emailAddresses
        let refusals =
            PasswordRules(minLength: settings.passwordMinLength).refusals(
                of: password, field: "password",
                similarTo: addresses.map(\.email) + [user.username].compactMap { $0 })
            + hooks.validatePassword(password)
        guard refusals.isEmpty else { return .refused(refusals) }

        let logInRefusal = settings.loginOnPasswordReset ? try await hooks.mayLogIn(user, context) : nil
        let hash = try await passwords.hash(password)
        let result = try await withTransaction(context) { flow in
            try flow.checkReset(key).flatMap { proof in
                try flow.resetPassword(
                    proof, to: hash, logsIn: settings.loginOnPasswordReset && logInRefusal == nil)
            }
        }
        if case .refused = result { return result }
        let buckets = addresses.flatMap {
            settings.rates.uses(.loginFailed, key: EmailAddress.key(of: $0.email)).map(\.bucket)
        }
        // An error is ignored: the attempts expire by themselves, and the reset has succeeded.
        try? await limiter.forget(buckets)
        return result
    }
}

extension FlowTransaction {
    func resetPassword(_ proof: ResetProof, to hash: PasswordHash, logsIn: Bool) throws
        -> FlowResult<Authentication>
    {
        // If one user's password is reset in another user's session, that session ends.
        if let authentication = try authentication(), authentication.user.id != proof.user.id {
            try logOut(authentication.user, authentication.session)
        }
        try confirm(proof)
        // A link proves its address only at the reset, because software that follows links in mails opens its page too.
        if proof.code == nil { try verifyIndirectly(proof.email, of: proof.user) }
        var user = proof.user
        user.passwordHash = hash
        try transaction.update(user)
        try dropPendingAddresses(of: user, proved: proof.email)
        _ = try endSessions(of: user, because: .passwordChanged)
        if try session() != nil {
            _ = try remember { state in
                state.pendingCodes[.resetPassword] = nil
                guard state.pendingLogin?.userID == proof.user.id else { return }
                // The pending log-in was started with the former password.
                state.pendingLogin = nil
                state.pendingCodes[.login] = nil
                state.pendingCodes[.verifyEmail] = nil
            }
        }
        try transaction.emit(PasswordReset(request: request, user: snapshot(of: user)))
        try notify(.passwordReset, user)
        guard logsIn else { return try currentResult() }

        let email = proof.code?.email
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .passwordReset, email: email))
        let record = AuthenticationRecord(method: .passwordReset, at: now, email: email)
        return try advance(
            PendingLogin(
                userID: user.id, stage: .verifyEmail, methods: [record], startedAt: now, email: proof.email),
            of: user)
    }
}

/// The proof that the caller may reset a user's password.
struct ResetProof: Sendable {
    var user: User
    var emailAddresses: [EmailAddress]
    /// The address that the link or the code was mailed to.
    var email: String
    /// Nil if the proof was a link.
    var code: PendingCode?
}

extension FlowTransaction {
    /// Checks a key or a code. A wrong code is counted, and `password_reset_code_rejected` is emitted if the pending
    /// code belongs to a user.
    func checkReset(_ key: String) throws -> FlowResult<ResetProof> {
        if !settings.passwordResetByCode {
            if key.isEmpty { return .refused(.required(field: "key")) }
            if let owner = try owner(resetBy: LinkKey(key)) {
                return .success(try proof(owner.user, owner.address.email))
            }
            return .refused(
                Refusal(.invalidPasswordReset, field: "key", .invalidPasswordReset))
        }
        guard let session = try session(), var code = pendingCode(.resetPassword, in: session) else {
            return .conflict
        }
        let owner = try code.userID.flatMap { try transaction.user(id: $0) }
        if case .wrong(let isLast) = check(Code(key), .resetPassword, &code) {
            try countFailure(.resetPassword, code, isLast: isLast)
            if let owner {
                try transaction.emit(
                    PasswordResetCodeRejected(
                        request: request, user: snapshot(of: owner), lastAttempt: isLast))
            }
            return .refused(.wrongCode(key, field: "key"))
        }
        guard let owner, owner.isActive,
            let address = try transaction.emailAddresses(of: owner.id).first(where: {
                $0.isNamed(code.email)
            }), try transaction.leadsIn(address)
        else {
            // Since the code was mailed the user was changed, or the address no longer gives access to the account.
            try countFailure(.resetPassword, code, isLast: true)
            return .conflict
        }
        return .success(try proof(owner, address.email, code))
    }

    private func proof(_ user: User, _ email: String, _ code: PendingCode? = nil) throws -> ResetProof {
        ResetProof(
            user: user, emailAddresses: try transaction.emailAddresses(of: user.id), email: email, code: code)
    }

    /// Records a right code: verifies its address and restarts its time-out, once. If this is the first proof of the
    /// address, the creator of the account loses access immediately, because the new password may never be set.
    func confirm(_ proof: ResetProof) throws {
        guard var code = proof.code, !code.isConfirmed else { return }
        code.isConfirmed = true
        code.startedAt = now
        let confirmed = code
        if try session() != nil { _ = try remember { $0.pendingCodes[.resetPassword] = confirmed } }
        var user = proof.user
        if let email = code.email, try verifyIndirectly(email, of: user) {
            _ = try shutOutMaker(of: &user, proved: email, keeping: try session()?.id)
        }
    }
}
