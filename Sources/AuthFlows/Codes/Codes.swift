// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Code {
    /// The letters of codes: consonants only, so that no words occur, and none that are easily confused.
    /// Source: allauth `ALLAUTH_USER_CODE_FORMAT`, dashed.
    private static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ")

    /// A new code, `XXXX-XXXX`: 34 bits of entropy, enough for three attempts.
    static func random() -> Code {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<8).map { _ in alphabet.randomElement(using: &generator)! }
        return Code(String(letters[..<4]) + "-" + String(letters[4...]))
    }

    /// The code in upper case, without punctuation and white space, which are ignored in comparisons.
    var normalized: String {
        String(exposedText.uppercased().unicodeScalars.filter { CharacterSet.alphanumerics.contains($0) })
    }
}

/// The result of checking a code that was entered.
enum CodeVerdict {
    case right
    /// Wrong; the failure was counted.
    case wrong(lastAttempt: Bool)
}

extension FlowTransaction {
    /// Makes a code, queues its mail and returns the pending code to store.
    ///
    /// - Parameter restarting: for a resend, the pending code that it replaces; its start and its failures are kept.
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

    /// A pending code that no input matches, for an unknown address.
    func unknowableCode(email: String) -> PendingCode {
        PendingCode(id: .version7(at: now), userID: nil, email: email, mac: nil, startedAt: now)
    }

    /// The pending code, unless it has expired.
    func pendingCode(_ purpose: PendingCode.Purpose, in session: Session) -> PendingCode? {
        guard let pending = session.state.pendingCodes[purpose],
            pending.startedAt + settings.timeout(of: purpose) > now
        else { return nil }
        return pending
    }

    /// Compares the entered code, in constant time, and counts a failure. A blank input is a failure too.
    func check(
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

    /// Stores a counted failure.
    ///
    /// - Parameter isLast: whether it was the last attempt; the code and its log-in are then no longer pending.
    func countFailure(_ purpose: PendingCode.Purpose, _ pending: PendingCode, isLast: Bool) throws {
        _ = try remember { state in
            state.pendingCodes[purpose] = isLast ? nil : pending
            if isLast, purpose == .login || purpose == .verifyEmail { state.pendingLogin = nil }
        }
    }

    /// The log-in that waits at a stage in the caller's session, unless it has expired or the password that it was
    /// started with was changed.
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
        // A user who has never logged in is still signing up.
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
