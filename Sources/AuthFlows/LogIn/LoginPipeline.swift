// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The stages between a proved factor and a log-in. `user_logged_in` is emitted only after the last one.
///
/// Source: allauth `account/stages.py:LoginStageController`.
extension FlowTransaction {
    /// The stages, in order.
    private static let stages: [LoginStage] = [.loginByCode, .verifyEmail]

    /// The decision of a stage.
    private enum StageDecision {
        /// The log-in continues.
        case pass
        /// The log-in waits for the caller.
        case stop
        /// The stage can never be completed.
        case abort
    }

    /// Runs the stages of a log-in after `passed`, and logs the user in after the last one.
    ///
    /// - Parameters:
    ///   - passed: the stage that was just completed; nil at the start.
    ///   - mayMail: whether the rate limit for confirmation mails allows one now.
    func advance(
        _ login: PendingLogin, of user: User, after passed: LoginStage? = nil, mayMail: Bool = true
    ) throws -> FlowResult<Authentication> {
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
                return try currentResult()
            }
        }
        return .success(try complete(user, login))
    }

    /// Stores a log-in that waits for the caller, with the code that was mailed for it.
    func wait(
        _ login: PendingLogin, _ codes: [PendingCode.Purpose: PendingCode]
    ) throws -> FlowResult<Authentication> {
        let token = try remember { state in
            state.pendingLogin = login
            state.passwordMark = login.passwordMark ?? state.passwordMark
            state.pendingCodes[.login] = codes[.login]
            state.pendingCodes[.verifyEmail] = codes[.verifyEmail]
        }
        return .unauthenticated(
            PendingAuthentication(flows: [.init(rawValue: login.stage.rawValue)], newToken: token))
    }

    /// Deletes the pending log-in of the caller's session, if one exists.
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
        // An address that gives access to the account is preferred to one that is a pending change.
        guard
            let address = try ([named].compactMap { $0 } + addresses).first(where: transaction.leadsIn)
                ?? named ?? addresses.first
        else {
            // A code is required, but the user has no address to send it to.
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
            // A user without an address can confirm nothing and gets no mail, so the log-in stays pending.
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

    /// Logs the user in: opens the session and emits `user_logged_in`.
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
    /// The address that a log-in with `email` has to verify; nil if none has to be verified.
    ///
    /// If the user has named an address, that one has to be verified, even if another one is.
    /// Source: allauth `account/utils.py:has_verified_email`.
    func unverified(for email: String?) -> EmailAddress? {
        if let named = first(where: { $0.isNamed(email) }) { return named.verified ? nil : named }
        return contains(where: \.verified) ? nil : first
    }
}

extension AccountSettings {
    /// Whether a log-in requires a code (`ACCOUNT_LOGIN_BY_CODE_REQUIRED`), depending on the method that was used last.
    /// A sign-up has used no method, and requires a code if one is required after any method.
    func requiresLoginCode(after login: PendingLogin) -> Bool {
        guard !loginByCodeRequired.isEmpty else { return false }
        guard let last = login.methods.last else { return true }
        if last.method == .code { return false }
        return loginByCodeRequired.contains("*") || loginByCodeRequired.contains(last.method.rawValue)
    }
}
