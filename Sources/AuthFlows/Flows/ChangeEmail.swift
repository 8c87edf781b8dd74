// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Makes one of the caller's addresses the primary one: `email_changed`, unless it is primary already.
    ///
    /// It must be verified, unless the caller has no verified address.
    public func makePrimary(_ email: String?, _ context: FlowContext) async throws -> FlowResult<
        [EmailAddress]
    > {
        if let result: FlowResult<[EmailAddress]> = try await manageEmail(context) { return result }
        var refusals: [Refusal] = []
        guard let email = FieldChecks(settings: settings).email(email).get(refusals: &refusals) ?? nil else {
            return .refused(refusals)
        }
        return try await withTransaction(context) { try $0.makePrimary(email) }
    }
}

extension FlowTransaction {
    func makePrimary(_ email: String) throws -> FlowResult<[EmailAddress]> {
        guard let authentication = try authentication() else {
            return .unauthenticated(try pendingAuthentication())
        }
        let addresses = authentication.emailAddresses
        guard let selected = try selected(email) else { return .refused(.unknownEmail()) }
        guard case .stored(var address) = selected, address.verified || !addresses.contains(where: \.verified)
        else {
            return .refused(
                Refusal(.unverifiedPrimaryEmail, field: "email", .unverifiedPrimaryEmail))
        }
        if needsReauthentication(authentication) { return .reauthenticationRequired(authentication) }
        if address.primary { return try emailAddresses() }
        let former = addresses.first { $0.primary }
        if var former {
            former.primary = false
            try transaction.update(former)
        }
        address.primary = true
        try transaction.update(address)
        try emitEmailChanged(authentication.user, from: former, to: address)
        return try emailAddresses()
    }
}
