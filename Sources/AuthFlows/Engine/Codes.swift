// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Code {
    /// What codes are made of: consonants that are not mistaken for each other, so that no word comes about.
    /// Source: allauth `ALLAUTH_USER_CODE_FORMAT`, dashed.
    private static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ")

    /// A new code, `XXXX-XXXX`: 34 bits, enough for three attempts.
    static func random() -> Code {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<8).map { _ in alphabet.randomElement(using: &generator)! }
        return Code(String(letters[..<4]) + "-" + String(letters[4...]))
    }

    /// The code without what does not count: punctuation, white space and case.
    var normalized: String {
        String(exposedText.uppercased().unicodeScalars.filter { CharacterSet.alphanumerics.contains($0) })
    }
}

/// What came of a code that was entered.
enum CodeVerdict {
    case right
    /// Wrong; whether attempts are left was counted.
    case wrong(lastAttempt: Bool)
}

extension Step {
    /// Makes a code, queues its mail and returns what is to be remembered of it.
    ///
    /// - Parameter restarting: the pending code it replaces: its start and its failures stay (a resend).
    func mailCode(
        _ purpose: PendingCode.Purpose, template: MailDraft.Template, user: User, email: String,
        onAccepted: EmailConfirmationSent? = nil, restarting former: PendingCode? = nil
    ) throws -> PendingCode {
        let code = Code.random()
        var pending =
            former
            ?? PendingCode(id: .version7(at: now), userID: user.id, email: email, mac: nil, startedAt: now)
        pending.email = email
        pending.mac = accounts.keys.authenticationCode(of: Self.parts(purpose, pending, code), for: .code)
        try queueMail(
            template, to: email, user: user, values: ["code": code.exposedText], onAccepted: onAccepted)
        return pending
    }

    /// A pending code that nobody's input ever matches: where the address is not known.
    func unknowableCode(email: String) -> PendingCode {
        PendingCode(id: .version7(at: now), userID: nil, email: email, mac: nil, startedAt: now)
    }

    /// The pending code, unless its time is over.
    func pendingCode(_ purpose: PendingCode.Purpose, in session: Session) -> PendingCode? {
        guard let pending = session.state.pendingCodes[purpose],
            pending.startedAt + settings.timeout(of: purpose) > now
        else { return nil }
        return pending
    }

    /// Compares what was entered, in constant time, and counts a failure. A blank input is one too.
    func judge(
        _ entered: Code, _ purpose: PendingCode.Purpose, _ pending: inout PendingCode
    ) -> CodeVerdict {
        let right = accounts.keys.isValid(
            pending.mac ?? Data(), of: Self.parts(purpose, pending, entered), for: .code)
        if right && pending.mac != nil { return .right }
        pending.failedAttempts += 1
        return .wrong(lastAttempt: pending.failedAttempts >= settings.maxAttempts(of: purpose))
    }

    private static func parts(
        _ purpose: PendingCode.Purpose, _ pending: PendingCode, _ code: Code
    ) -> [String] {
        [purpose.rawValue, pending.id.wireText, code.normalized]
    }

    /// Counts a failure: stores what is left of the pending code, and says whether that was the last attempt.
    ///
    /// - Parameter isLast: nothing is pending any more afterwards, the log-in neither.
    func countFailure(_ purpose: PendingCode.Purpose, _ pending: PendingCode, isLast: Bool) throws {
        _ = try remember { state in
            state.pendingCodes[purpose] = isLast ? nil : pending
            if isLast, purpose == .login || purpose == .verifyEmail { state.pendingLogin = nil }
        }
    }

    /// The log-in that waits at a stage in the caller's session, unless its time is over, or the password that
    /// it was begun with was changed.
    func pendingLogin(at stage: LoginStage, in session: Session) throws -> PendingLogin? {
        guard session.userID == nil, let login = session.state.pendingLogin, login.stage == stage,
            login.startedAt + settings.loginTimeout > now
        else { return nil }
        if let mark = login.passwordMark, let id = login.userID,
            try transaction.user(id: id)?.passwordMark != mark
        {
            return nil
        }
        return login
    }

    /// Queues the mail with the code that verifies an address, for a log-in that waits for it.
    func mailVerificationCode(
        _ user: User, _ address: EmailAddress, restarting former: PendingCode? = nil
    ) throws -> PendingCode {
        // Who has never logged in is signing up still (LI7).
        let signup = user.lastLogin == nil
        let startedAt = former?.startedAt ?? now
        return try mailCode(
            .verifyEmail, template: signup ? .emailConfirmationSignup : .emailConfirmation, user: user,
            email: address.email,
            onAccepted: EmailConfirmationSent(
                request: request, user: snapshot(of: user),
                confirmation: ConfirmationSnapshot(
                    method: .code, emailAddress: address.snapshot,
                    expiresAt: startedAt + settings.emailVerificationTimeout),
                signup: signup),
            restarting: former)
    }
}

extension AccountSettings {
    func timeout(of purpose: PendingCode.Purpose) -> TimeInterval {
        switch purpose {
        case .login: loginByCodeTimeout
        case .resetPassword: passwordResetCodeTimeout
        default: emailVerificationTimeout
        }
    }

    func maxAttempts(of purpose: PendingCode.Purpose) -> Int {
        switch purpose {
        case .login: loginByCodeMaxAttempts
        case .resetPassword: passwordResetMaxAttempts
        default: emailVerificationMaxAttempts
        }
    }
}
