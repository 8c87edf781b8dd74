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
    /// - Returns: ``FlowResult/success(_:)``, or the refusal `unverified_primary_email`.
    public func requireVerifiedEmail(_ context: FlowContext) async throws -> FlowResult<Authentication> {
        let unverified = Refusal(.unverifiedPrimaryEmail, .unverifiedPrimaryEmail)
        let user: Authentication
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user(let authentication): user = authentication
        }
        if user.emailAddresses.contains(where: \.verified) { return .success(user) }
        if let email = user.emailAddresses.first?.email,
            try await confirmationAllowance(to: email, context) == .mail
        {
            return try await withTransaction(context) { flow in
                try flow.resendConfirmation(of: email).flatMap { .refused(unverified) }
            }
        }
        return .refused(unverified)
    }
}
