// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Continues a log-in by the code that was mailed for it: `authentication_step_completed`,
    /// `email_confirmed` if the address was not verified yet, and `user_logged_in` after the last stage.
    ///
    /// If the code proves the user's address for the first time, a password that was set before becomes void, other
    /// sessions end, and a mail tells the user how to set a new password. The reason is that the password may belong
    /// to someone who signed up with another person's address. If the password was set or proved in the same session,
    /// it is kept.
    ///
    /// A wrong code emits `login_code_rejected` if the pending code belongs to a user, and ends the log-in after
    /// `ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS`. The right code of an inactive user emits `login_failed`.
    public func confirmLoginCode(_ code: Code, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        if let user = try await withTransaction(context, { try $0.loginCodeUser(code) }),
            let refusal = try await hooks.mayLogIn(user, context)
        {
            return .refused(refusal)
        }
        return try await withTransaction(context) { try $0.confirmLoginCode(code) }
    }
}

extension FlowTransaction {
    /// The user whose log-in a right code continues; nil if the code is wrong. Failures are not counted here.
    func loginCodeUser(_ entered: Code) throws -> User? {
        guard let session = try session(), try pendingLogin(at: .loginByCode, in: session) != nil,
            var code = pendingCode(.login, in: session), case .right = check(entered, .login, &code)
        else { return nil }
        return try code.userID.flatMap { try transaction.user(id: $0) }
    }

    func confirmLoginCode(_ entered: Code) throws -> FlowResult<Authentication> {
        guard let session = try session(), var login = try pendingLogin(at: .loginByCode, in: session),
            var code = pendingCode(.login, in: session)
        else { return .conflict }
        let owner = try code.userID.flatMap { try transaction.user(id: $0) }
        if case .wrong(let isLast) = check(entered, .login, &code) {
            try countFailure(.login, code, isLast: isLast)
            if let owner {
                try transaction.emit(
                    LoginCodeRejected(request: request, user: snapshot(of: owner), lastAttempt: isLast))
            }
            return .refused(.wrongCode(entered.exposedText, field: "code"))
        }
        try forgetLogin()
        guard var user = owner, user.isActive, login.userID == user.id, try stillLeadsIn(code, login) else {
            if let owner, !owner.isActive { try emitInactiveUser(owner, .code) }
            return try currentResult()
        }
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .code, email: code.email))
        login.methods.append(AuthenticationRecord(method: .code, at: now, email: code.email))
        if let email = code.email, try verifyIndirectly(email, of: user),
            (login.passwordMark ?? session.state.passwordMark) != user.passwordMark
        {
            let hadPassword = try shutOutMaker(of: &user, proved: email, keeping: nil)
            if hadPassword {
                try queueMail(
                    .passwordRemoved, to: email, user: user,
                    values: ["password_reset_url": settings.links.requestReset()])
            }
        }
        return try advance(login, of: user, after: .loginByCode)
    }

    /// Whether the address that a code was mailed to still gives access to its user: another address may have been
    /// proved since the code was mailed. This is not required if another factor was proved before the code.
    private func stillLeadsIn(_ code: PendingCode, _ login: PendingLogin) throws -> Bool {
        guard login.methods.isEmpty, !login.signup, let id = code.userID, let email = code.email else {
            return true
        }
        let address = try transaction.emailAddresses(of: id).first { $0.isNamed(email) }
        return try address.map(transaction.leadsIn) ?? false
    }

    /// Verifies an address that was proved for another purpose: by a code or a reset link that was mailed to it, or by
    /// a provider that vouches for it.
    ///
    /// - Returns: whether it was not verified before.
    @discardableResult
    func verifyIndirectly(_ email: String, of user: User) throws -> Bool {
        guard
            let address = try transaction.emailAddresses(of: user.id).first(where: {
                $0.isNamed(email) && !$0.verified
            }), try !isVerifiedElsewhere(email, than: user.id)
        else { return false }
        try verify(address, of: user)
        return true
    }
}
