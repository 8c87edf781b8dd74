// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Checks that the caller has a verified address. If not, a confirmation mail is sent, as often as the rate limit
    /// allows.
    ///
    /// For parts of an application that require a verified address although `ACCOUNT_EMAIL_VERIFICATION` does not.
    /// Source: allauth `decorators.py:verified_email_required`.
    ///
    /// - Returns: ``FlowResult/authenticated(_:)``, or `unverified_primary_email`.
    public func requireVerifiedEmail(_ visit: FlowContext) async throws -> FlowResult {
        let user: Authentication
        switch try await caller(visit) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user(let authentication): user = authentication
        }
        if user.emailAddresses.contains(where: \.verified) { return .authenticated(user) }
        if let email = user.emailAddresses.first?.email,
            try await confirmationAllowance(to: email, visit) == .mail
        {
            let answer = try await step(visit) { try $0.resendConfirmation(of: email) }
            guard case .done = answer else { return answer }
        }
        return .refused(
            Refusal(.unverifiedPrimaryEmail, "Your primary email address must be verified."))
    }
}
