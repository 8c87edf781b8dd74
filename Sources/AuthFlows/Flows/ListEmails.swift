// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Whether a confirmation mail was sent again.
public enum ConfirmationMail: Sendable {
    case sent
    /// One was sent recently or too often, or the address is verified already.
    case notSent
}

extension Accounts {
    /// The caller's addresses, the primary first; last the one that waits for its code, if any.
    public func listEmails(_ context: FlowContext) async throws -> FlowResult<[EmailAddress]> {
        if case .unknownToken = try await caller(context) { return .gone }
        return try await withTransaction(context) { try $0.emailAddresses() }
    }

    /// Sends another confirmation mail for one of the caller's addresses.
    public func resendConfirmation(of email: String?, _ context: FlowContext) async throws
        -> FlowResult<ConfirmationMail>
    {
        if let result: FlowResult<ConfirmationMail> = try await manageEmail(context) { return result }
        var refusals: [Refusal] = []
        guard let email = FieldChecks(settings: settings).email(email).get(refusals: &refusals) ?? nil else {
            return .refused(refusals)
        }
        switch try await withTransaction(context, { try $0.selected(email) }) {
        case nil: return .refused(.unknownEmail())
        case .stored(let address) where address.verified: return .success(.notSent)
        case .waiting(let code) where code.resends >= settings.emailVerificationResends:
            return .success(.notSent)
        default: break
        }
        guard try await confirmationAllowance(to: email, context) == .mail else { return .success(.notSent) }
        return try await withTransaction(context) { try $0.resendConfirmation(of: email) }.map { .sent }
    }

    /// Checks the caller and the rate limit before the caller's addresses are changed; nil if the flow may continue.
    func manageEmail<Value>(_ context: FlowContext) async throws -> FlowResult<Value>? {
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user(let authentication):
            return try await secondsUntilAllowed(.manageEmail, context, user: authentication.user.id)
                .map { .rateLimited(retryAfter: $0) }
        }
    }
}

extension FlowTransaction {
    /// One of the caller's addresses.
    enum SelectedEmail {
        case stored(EmailAddress)
        /// Not stored until its code is entered.
        case waiting(PendingCode)
    }

    /// The caller's address that the text names; nil if there is none.
    func selected(_ email: String) throws -> SelectedEmail? {
        guard let authentication = try authentication() else { return nil }
        // The last one: two rows that were stored before their addresses counted as equal can be removed in turn.
        if let stored = authentication.emailAddresses.last(where: { $0.isNamed(email) }) {
            return .stored(stored)
        }
        guard let code = try verification()?.code, code.email == email else { return nil }
        return .waiting(code)
    }

    func resendConfirmation(of email: String) throws -> FlowResult<Void> {
        guard let user = try authentication()?.user else {
            return .unauthenticated(try pendingAuthentication())
        }
        switch try selected(email) {
        case nil: return .refused(.unknownEmail())
        case .waiting: return try resendVerification()
        case .stored(let address):
            if settings.emailVerificationByCode {
                let code = try mailVerificationCode(user, address)
                _ = try remember { $0.pendingCodes[.verifyEmail] = code }
            } else {
                try mailConfirmation(user, address, signup: false)
            }
            return .success(())
        }
    }
}
