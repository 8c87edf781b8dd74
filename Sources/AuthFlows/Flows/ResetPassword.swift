// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A new password, and what was mailed to prove that it may be set.
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
    /// Says whose password a key or a code would reset: ``FlowResult/resettable(_:)``.
    ///
    /// A wrong code counts as an attempt. A right one verifies the address that it was mailed to
    /// (`email_confirmed`), stays good for the reset itself, and its time begins anew, once.
    public func passwordReset(for key: String?, _ visit: Visit = Visit()) async throws -> FlowResult {
        if case .unknownToken = try await caller(visit) { return .gone }
        return try await step(visit) { step in
            switch try step.judgeReset(key ?? "") {
            case .failure(let refusal): return refusal.result
            case .success(let proof):
                try step.confirm(proof)
                return .resettable(proof.user)
            }
        }
    }

    /// Resets a password: `email_confirmed` if the link or the code proved an address that was not verified,
    /// then `password_reset` (D16); with `ACCOUNT_LOGIN_ON_PASSWORD_RESET` the log-in follows.
    ///
    /// Addresses that were not proved are dropped, each with `email_removed` before `password_reset`: a pending
    /// change may be a thief's, who would come back by its link.
    ///
    /// All sessions of the user end, without a signal; a session of another user that the caller had ends
    /// with `user_logged_out`. Failed log-ins that were counted under the user's own addresses are forgotten
    /// (D15).
    ///
    /// - Throws: ``PasswordHasherError`` where too many passwords wait; the store's errors.
    public func resetPassword(_ form: ResetPassword, _ visit: Visit = Visit()) async throws -> FlowResult {
        if case .unknownToken = try await caller(visit) { return .gone }
        if let answer = try await limited(.resetPasswordFromKey, visit) { return answer }
        let key = form.key ?? ""
        let password = form.password ?? Password("")
        // The key or code first: a guess is not to cost a hash.
        let proof: ResetProof
        switch try await step(visit, { try $0.judgeReset(key) }) {
        case .success(let judged): proof = judged
        case .failure(let refusal):
            guard case .refused(var refusals) = refusal.result else { return refusal.result }
            if password.exposedText.isEmpty { refusals.append(.required(field: "password")) }
            return .refused(refusals)
        }
        let user = proof.user
        let addresses = proof.emailAddresses
        let refusals =
            PasswordRules(minLength: settings.passwordMinLength).refusals(
                of: password, field: "password",
                similarTo: addresses.map(\.email) + [user.username].compactMap { $0 })
            + hooks.validatePassword(password)
        guard refusals.isEmpty else { return .refused(refusals) }

        let logInRefusal = settings.loginOnPasswordReset ? try await hooks.mayLogIn(user, visit) : nil
        let hash = try await passwords.hash(password)
        let result = try await step(visit) { step in
            switch try step.judgeReset(key) {
            case .failure(let refusal): return refusal.result
            case .success(let proof):
                return try step.resetPassword(
                    proof, to: hash, logsIn: settings.loginOnPasswordReset && logInRefusal == nil)
            }
        }
        if case .refused = result { return result }
        let buckets = addresses.flatMap {
            settings.rates.uses(.loginFailed, key: EmailAddress.key(of: $0.email)).map(\.bucket)
        }
        // What is left there lapses by itself: no reason to call the reset a failure.
        try? await limiter.forget(buckets)
        return result
    }
}

extension Step {
    func resetPassword(_ proof: ResetProof, to hash: PasswordHash, logsIn: Bool) throws -> FlowResult {
        // A reset of one user in another's session ends that session (LO7).
        if let authentication = try authentication(), authentication.user.id != proof.user.id {
            try logOut(authentication.user, authentication.session)
        }
        try confirm(proof)
        // Only now: whatever looks at links in mails asks for their pages, too.
        if proof.code == nil { try verifyIndirectly(proof.email, of: proof.user) }
        var user = proof.user
        user.passwordHash = hash
        try transaction.update(user)
        try dropPendingAddresses(of: user, proved: proof.email)
        _ = try transaction.deleteSessions(of: user.id, except: nil)
        if try session() != nil {
            _ = try remember { state in
                state.pendingCodes[.resetPassword] = nil
                guard state.pendingLogin?.userID == proof.user.id else { return }
                // Begun with the former password.
                state.pendingLogin = nil
                state.pendingCodes[.login] = nil
                state.pendingCodes[.verifyEmail] = nil
            }
        }
        try transaction.emit(PasswordReset(request: request, user: snapshot(of: user)))
        try notify(.passwordReset, user)
        guard logsIn else { return try standing() }

        let email = proof.code?.email
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .passwordReset, email: email))
        let record = AuthenticationRecord(method: .passwordReset, at: now, email: email)
        return try logIn(
            user,
            PendingLogin(
                userID: user.id, stage: .verifyEmail, methods: [record], startedAt: now, email: proof.email))
    }
}
