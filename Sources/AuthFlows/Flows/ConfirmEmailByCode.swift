// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Confirms an address by the code that was mailed to it: `email_confirmed`, and then the log-in that waits for
    /// it. If a logged-in user adds an address, `email_added` is emitted first.
    ///
    /// A wrong code emits `email_verification_code_rejected` if the pending code belongs to a user. After
    /// `ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS` wrong codes the verification and its log-in are no longer
    /// pending. A right code for an address that another user has verified meanwhile is refused, but does not count as
    /// an attempt.
    public func confirmEmail(_ code: Code, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        return try await withTransaction(context) { try $0.confirmEmail(code) }
    }

    /// Mails another code, which replaces the pending one, at most `ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND` times.
    /// The time-out and the failures are not reset.
    public func resendVerification(_ context: FlowContext = FlowContext()) async throws -> FlowResult<Void> {
        if case .unknownToken = try await caller(context) { return .gone }
        guard settings.emailVerificationByCode,
            let pending = try await withTransaction(context, { try $0.verification()?.code }),
            pending.resends < settings.emailVerificationResends
        else { return .conflict }
        let allowance = try await confirmationAllowance(to: pending.email, context)
        if let seconds = allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        return try await withTransaction(context) { try $0.resendVerification() }
    }
}

extension FlowTransaction {
    /// A pending code in the caller's session that verifies an address, with the log-in that waits for it.
    struct Verification {
        var code: PendingCode
        /// Nil if a logged-in user adds an address.
        var login: PendingLogin?
    }

    /// The pending verification by code; nil if none is pending or it has expired.
    func verification() throws -> Verification? {
        guard settings.emailVerificationByCode, let session = try session(),
            let code = pendingCode(.verifyEmail, in: session)
        else { return nil }
        if let user = session.userID {
            return code.userID == user ? Verification(code: code, login: nil) : nil
        }
        guard let login = try pendingLogin(at: .verifyEmail, in: session) else { return nil }
        return Verification(code: code, login: login)
    }

    /// The address that a pending code verifies: a stored one, or a new one that is stored once it is verified.
    func address(verifiedBy code: PendingCode, of user: User) throws -> (EmailAddress, isNew: Bool)? {
        guard let email = code.email else { return nil }
        if let known = try transaction.emailAddresses(of: user.id).first(where: { $0.isNamed(email) }) {
            return (known, false)
        }
        // The id must stay the same, because earlier signals contain it.
        return (
            EmailAddress(id: code.id, userID: user.id, email: email, verified: false, primary: false), true
        )
    }

    func confirmEmail(_ entered: Code) throws -> FlowResult<Authentication> {
        guard var pending = try verification() else { return .conflict }
        if case .wrong(let isLast) = check(entered, .verifyEmail, &pending.code) {
            return .refused(try rejectVerification(entered, pending.code, isLast: isLast))
        }
        guard let id = pending.code.userID, let user = try transaction.user(id: id), user.isActive,
            let (address, isNew) = try address(verifiedBy: pending.code, of: user)
        else {
            try forgetLogin()
            return .conflict
        }
        if try isVerifiedElsewhere(address.email, than: user.id) {
            return .refused(.emailTaken(field: "key"))
        }
        if isNew {
            if pending.login != nil {
                // The address that the log-in waits for was removed meanwhile.
                try forgetLogin()
                return .conflict
            }
            if let most = settings.maxEmailAddresses, !settings.changeEmail,
                try transaction.emailAddresses(of: user.id).count >= most
            {
                return .refused(.maxEmailAddresses(most))
            }
        }
        _ = try remember { $0.pendingCodes[.verifyEmail] = nil }
        if !address.verified { try verify(address, of: user, isNew: isNew) }
        guard let login = pending.login else { return try currentResult() }
        return try advance(login, of: user, after: .verifyEmail)
    }

    /// Returns what a code would confirm, and leaves the code pending.
    func emailVerification(for entered: Code) throws -> FlowResult<EmailConfirmationInfo> {
        guard var pending = try verification() else { return .conflict }
        if case .wrong(let isLast) = check(entered, .verifyEmail, &pending.code) {
            return .refused(try rejectVerification(entered, pending.code, isLast: isLast))
        }
        guard let user = try pending.code.userID.flatMap({ try transaction.user(id: $0) }),
            let email = pending.code.email
        else { return .conflict }
        return .success(
            EmailConfirmationInfo(user: user, email: email, isPendingLogin: pending.login != nil))
    }

    private func rejectVerification(
        _ entered: Code, _ pending: PendingCode, isLast: Bool
    ) throws -> Refusal {
        try countFailure(.verifyEmail, pending, isLast: isLast)
        if let user = try pending.userID.flatMap({ try transaction.user(id: $0) }) {
            try transaction.emit(
                EmailVerificationCodeRejected(
                    request: request, user: snapshot(of: user), lastAttempt: isLast))
        }
        return .wrongCode(entered.exposedText, field: "key")
    }

    func resendVerification() throws -> FlowResult<Void> {
        guard var code = try verification()?.code, code.resends < settings.emailVerificationResends else {
            return .conflict
        }
        // If no code can match, none is mailed: the owner of the address was notified already.
        if code.mac != nil, let id = code.userID, let user = try transaction.user(id: id), user.isActive,
            let (address, _) = try address(verifiedBy: code, of: user)
        {
            code = try mailVerificationCode(user, address, restarting: code)
        }
        code.resends += 1
        let sent = code
        _ = try remember { $0.pendingCodes[.verifyEmail] = sent }
        return .success(())
    }
}
