// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Lets pass who has a verified address; others are mailed what confirms theirs, as often as the limit
    /// allows.
    ///
    /// For the parts of an application that want one where `ACCOUNT_EMAIL_VERIFICATION` does not. Source:
    /// allauth `decorators.py:verified_email_required`.
    ///
    /// - Returns: ``FlowResult/authenticated(_:)``, or `unverified_primary_email`.
    public func requireVerifiedEmail(_ visit: Visit) async throws -> FlowResult {
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
