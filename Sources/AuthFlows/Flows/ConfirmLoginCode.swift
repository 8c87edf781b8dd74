// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Continues a log-in by the code that was mailed for it: `authentication_step_completed`,
    /// `email_confirmed` where the address was not verified yet, and `user_logged_in` after the last stage.
    ///
    /// A wrong code says `login_code_rejected`, unless nobody is behind it, and ends the log-in after
    /// `ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS`.
    public func confirmLoginCode(_ code: Code, _ visit: Visit = Visit()) async throws -> FlowResult {
        if case .unknownToken = try await caller(visit) { return .gone }
        if let user = try await step(visit, { try $0.loginCodeUser(code) }),
            let refusal = try await hooks.mayLogIn(user, visit)
        {
            return .refused(refusal)
        }
        return try await step(visit) { try $0.confirmLoginCode(code) }
    }
}

extension Step {
    /// Whose log-in a right code continues; nil where it is wrong, and nothing is counted.
    func loginCodeUser(_ entered: Code) throws -> User? {
        guard let session = try session(), pendingLogin(at: .loginByCode, in: session) != nil,
            var code = pendingCode(.login, in: session), case .right = judge(entered, .login, &code)
        else { return nil }
        return try code.userID.flatMap { try transaction.user(id: $0) }
    }

    func confirmLoginCode(_ entered: Code) throws -> FlowResult {
        guard let session = try session(), var login = pendingLogin(at: .loginByCode, in: session),
            var code = pendingCode(.login, in: session)
        else { return .conflict }
        let owner = try code.userID.flatMap { try transaction.user(id: $0) }
        if case .wrong(let isLast) = judge(entered, .login, &code) {
            try countFailure(.login, code, isLast: isLast)
            if let owner {
                try transaction.emit(
                    LoginCodeRejected(request: request, user: snapshot(of: owner), lastAttempt: isLast))
            }
            return .refused(.wrongCode(entered.exposedText, field: "code"))
        }
        try forgetLogin()
        guard let user = owner, user.isActive, login.userID == user.id else { return try standing() }
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .code, email: code.email))
        login.methods.append(AuthenticationRecord(method: .code, at: now, email: code.email))
        if let email = code.email { try verifyIndirectly(email, of: user) }
        return try logIn(user, login, after: .loginByCode)
    }

    /// Verifies an address by a code that was mailed to it for another purpose.
    func verifyIndirectly(_ email: String, of user: User) throws {
        guard
            let address = try transaction.emailAddresses(of: user.id).first(where: {
                $0.isNamed(email) && !$0.verified
            }), try !isVerifiedElsewhere(email, than: user.id)
        else { return }
        try verify(address, of: user)
    }
}
