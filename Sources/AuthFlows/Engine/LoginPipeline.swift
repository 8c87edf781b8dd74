// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The stages between a proved factor and a log-in. `user_logged_in` comes only after the last one.
///
/// Source: allauth `account/stages.py:LoginStageController`.
extension Step {
    /// The stages, in order.
    private static let stages: [LoginStage] = [.loginByCode, .verifyEmail]

    /// What a stage says.
    private enum StageDecision {
        /// The log-in goes on.
        case pass
        /// It waits for the caller.
        case stop
        /// It can never be satisfied.
        case abort
    }

    /// Takes a log-in through the stages after `passed`, and logs the user in after the last.
    ///
    /// - Parameters:
    ///   - passed: the stage that was just satisfied; nil at the start.
    ///   - mayMail: whether the rate limit of confirmation mails allows one now.
    func logIn(
        _ user: User, _ login: PendingLogin, after passed: LoginStage? = nil, mayMail: Bool = true
    ) throws -> FlowResult {
        var login = login
        let rest = passed.flatMap { Self.stages.firstIndex(of: $0) }.map { Self.stages[($0 + 1)...] }
        for stage in rest ?? Self.stages[...] {
            var codes: [PendingCode.Purpose: PendingCode] = [:]
            login.stage = stage
            switch try enter(stage, user, &login, &codes, mayMail: mayMail) {
            case .pass: continue
            case .stop: return try wait(login, codes)
            case .abort:
                try forgetLogin()
                return try standing()
            }
        }
        return .authenticated(try complete(user, login))
    }

    /// Remembers a log-in that waits for its caller, with the code that was mailed for it.
    func wait(_ login: PendingLogin, _ codes: [PendingCode.Purpose: PendingCode]) throws -> FlowResult {
        let token = try remember { state in
            state.pendingLogin = login
            state.passwordMark = login.passwordMark ?? state.passwordMark
            state.pendingCodes[.login] = codes[.login]
            state.pendingCodes[.verifyEmail] = codes[.verifyEmail]
        }
        return .unauthenticated(
            PendingAuthentication(flows: [.init(rawValue: login.stage.rawValue)], newToken: token))
    }

    /// Gives up the log-in that waits in the caller's session, if there is one.
    func forgetLogin() throws {
        guard try session() != nil else { return }
        _ = try remember { state in
            state.pendingLogin = nil
            state.pendingCodes[.login] = nil
            state.pendingCodes[.verifyEmail] = nil
        }
    }

    private func enter(
        _ stage: LoginStage, _ user: User, _ login: inout PendingLogin,
        _ codes: inout [PendingCode.Purpose: PendingCode], mayMail: Bool
    ) throws -> StageDecision {
        switch stage {
        case .loginByCode: try enterLoginByCode(user, login, &codes)
        case .verifyEmail: try enterVerifyEmail(user, &login, &codes, mayMail: mayMail)
        default: .pass
        }
    }

    private func enterLoginByCode(
        _ user: User, _ login: PendingLogin, _ codes: inout [PendingCode.Purpose: PendingCode]
    ) throws -> StageDecision {
        guard settings.requiresLoginCode(after: login) else { return .pass }
        let addresses = try transaction.emailAddresses(of: user.id)
        let named = addresses.first { $0.isNamed(login.email) }
        // Rather to one that was proved, or is the only one, than to a pending one.
        guard
            let address = try ([named].compactMap { $0 } + addresses).first(where: transaction.leadsIn)
                ?? named ?? addresses.first
        else {
            // Without an address there is no way to ask for the code that is required.
            return .abort
        }
        codes[.login] = try mailCode(.login, template: .loginCode, user: user, email: address.email)
        return .stop
    }

    private func enterVerifyEmail(
        _ user: User, _ login: inout PendingLogin, _ codes: inout [PendingCode.Purpose: PendingCode],
        mayMail: Bool
    ) throws -> StageDecision {
        let addresses = try transaction.emailAddresses(of: user.id)
        let verification =
            login.sociallogin == nil ? settings.emailVerification : settings.socialEmailVerification
        switch verification {
        case .none: return .pass
        case .optional:
            if login.signup, let address = addresses.unverified(for: login.email), mayMail {
                try mailConfirmation(user, address, signup: true)
            }
            return .pass
        case .mandatory:
            // Without any address there is nothing to confirm and nowhere to write to (SO6).
            if addresses.isEmpty { return .stop }
            guard let address = addresses.unverified(for: login.email) else { return .pass }
            login.email = address.email
            if settings.emailVerificationByCode {
                codes[.verifyEmail] = try mailVerificationCode(user, address)
            } else if mayMail {
                try mailConfirmation(user, address, signup: login.signup)
            }
            return .stop
        }
    }

    /// The log-in itself.
    private func complete(_ user: User, _ login: PendingLogin) throws -> Authentication {
        var user = user
        user.lastLogin = now
        try transaction.update(user)
        let (session, token) = try openSession(for: user, methods: login.methods, remember: login.remember)
        var methods: [AuthenticationMethod] = []
        for record in login.methods where !methods.contains(record.method) && methods.count < 16 {
            methods.append(record.method)
        }
        try transaction.emit(
            UserLoggedIn(
                request: request, user: snapshot(of: user), session: session.snapshot, methods: methods,
                sociallogin: login.sociallogin))
        return try authentication(of: user, session, newToken: token)
    }
}

extension [EmailAddress] {
    /// The address that a log-in with `email` is to verify; nil where none is left to.
    ///
    /// Who names an address logs in by that one: another address that is verified does not stand for it.
    /// Source: allauth `account/utils.py:has_verified_email`.
    func unverified(for email: String?) -> EmailAddress? {
        if let named = first(where: { $0.isNamed(email) }) { return named.verified ? nil : named }
        return contains(where: \.verified) ? nil : first
    }
}

extension AccountSettings {
    /// Whether a log-in wants a code: `ACCOUNT_LOGIN_BY_CODE_REQUIRED`, by the method that was used last. A
    /// sign-up used none, and wants one wherever one is required after any.
    func requiresLoginCode(after login: PendingLogin) -> Bool {
        guard !loginByCodeRequired.isEmpty else { return false }
        guard let last = login.methods.last else { return true }
        if last.method == .code { return false }
        return loginByCodeRequired.contains("*") || loginByCodeRequired.contains(last.method.rawValue)
    }
}
