// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Adds an address to the caller's account and sends its confirmation mail: `email_added`.
    ///
    /// With links, the address is stored immediately; with `ACCOUNT_CHANGE_EMAIL` it replaces an unconfirmed one
    /// (`email_removed`). With codes, the address is stored and `email_added` is emitted only when the code is entered.
    /// An address of another user is accepted as if it were free, but cannot be confirmed; with
    /// `ACCOUNT_PREVENT_ENUMERATION` off it is refused with `email_taken`.
    ///
    /// If the caller's sign-up waits for a code, it changes the address to verify instead, at most
    /// `ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE` times, without a signal of its own.
    public func addEmail(_ email: String?, _ context: FlowContext) async throws -> FlowResult<[EmailAddress]>
    {
        let caller = try await caller(context)
        if case .unknownToken = caller { return .gone }
        let counted: UUID
        if case .user(let authentication) = caller {
            counted = authentication.user.id
        } else {
            // A sign-up that is only pretended has no user, but is counted too.
            guard let waiting = try await withTransaction(context, { try $0.changeableVerification() }) else {
                return .conflict
            }
            counted = waiting.user?.id ?? waiting.code.id
        }
        if let seconds = try await secondsUntilAllowed(.manageEmail, context, user: counted) {
            return .rateLimited(retryAfter: seconds)
        }
        var refusals: [Refusal] = []
        guard let email = FieldChecks(settings: settings).email(email).get(refusals: &refusals) ?? nil else {
            return .refused(refusals)
        }
        if let refused = try await withTransaction(context, { try $0.objection(to: email) }) {
            return refused
        }
        let allowance = try await confirmationAllowance(to: email, context)
        if let seconds = allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        let mayMail = allowance == .mail
        return try await withTransaction(context) { flow in
            if let refused = try flow.objection(to: email) { return refused }
            if let authentication = try flow.authentication() {
                return try flow.addEmail(email, authentication, mayMail: mayMail)
            }
            return try flow.changeVerification(to: email)
        }
    }
}

extension FlowTransaction {
    /// Why the caller cannot add that address now; nil if they can.
    func objection(to email: String) throws -> FlowResult<[EmailAddress]>? {
        guard let authentication = try authentication() else { return try objectionAtStage(to: email) }
        let owners = try transaction.emailAddresses(matching: email).map(\.userID)
        if owners.contains(authentication.user.id) {
            return .refused(
                Refusal(.duplicateEmail, field: "email", .duplicateEmail))
        }
        if settings.preventEnumeration == .off, try !transaction.addressesLeadingIn(by: email).isEmpty {
            return .refused(.emailTaken(field: "email"))
        }
        if let most = settings.maxEmailAddresses, !settings.changeEmail,
            authentication.emailAddresses.count >= most
        {
            return .refused(.maxEmailAddresses(most))
        }
        if needsReauthentication(authentication) { return .reauthenticationRequired(authentication) }
        return nil
    }

    func addEmail(
        _ email: String, _ authentication: Authentication, mayMail: Bool
    ) throws -> FlowResult<[EmailAddress]> {
        let user = authentication.user
        // Never primary: if the user has no primary address, confirming this one makes it primary.
        let address = EmailAddress(
            id: .version7(at: now), userID: user.id, email: email, verified: false, primary: false)
        if settings.emailVerificationByCode {
            let pending = PendingCode(id: address.id, userID: user.id, email: email, mac: nil, startedAt: now)
            let code = try mailVerificationCode(user, address, restarting: pending)
            _ = try remember { $0.pendingCodes[.verifyEmail] = code }
            return try emailAddresses()
        }
        if settings.changeEmail, let pending = authentication.emailAddresses.last(where: { !$0.verified }) {
            try remove(pending, of: user)
        }
        try transaction.insert(address)
        try transaction.emit(
            EmailAdded(request: request, user: snapshot(of: user), emailAddress: address.snapshot))
        if mayMail { try mailConfirmation(user, address, signup: false) }
        return try emailAddresses()
    }

    /// The caller's addresses, and the one that waits for its code.
    func emailAddresses() throws -> FlowResult<[EmailAddress]> {
        guard let authentication = try authentication() else {
            return .unauthenticated(try pendingAuthentication())
        }
        var addresses = authentication.emailAddresses
        if let code = try verification()?.code,
            let (address, isNew) = try address(verifiedBy: code, of: authentication.user), isNew
        {
            addresses.append(address)
        }
        return .success(addresses)
    }
}

extension Refusal {
    static func maxEmailAddresses(_ most: Int) -> Refusal {
        Refusal(.maxEmailAddresses, field: "email", .maxEmailAddresses(most))
    }
}
