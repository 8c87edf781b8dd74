// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Removes one of the caller's addresses: `email_removed`.
    ///
    /// The primary one cannot be removed while others exist, nor the last one if users log in by address only. An
    /// address that waits for its code was never stored; removing it emits no signal.
    public func removeEmail(_ email: String?, _ context: FlowContext) async throws -> FlowResult<
        [EmailAddress]
    > {
        if let result: FlowResult<[EmailAddress]> = try await manageEmail(context) { return result }
        var refusals: [Refusal] = []
        guard let email = FieldChecks(settings: settings).email(email).get(refusals: &refusals) ?? nil else {
            return .refused(refusals)
        }
        return try await withTransaction(context) { try $0.removeEmail(email) }
    }
}

extension FlowTransaction {
    func removeEmail(_ email: String) throws -> FlowResult<[EmailAddress]> {
        guard let authentication = try authentication() else {
            return .unauthenticated(try pendingAuthentication())
        }
        switch try selected(email) {
        case nil: return .refused(.unknownEmail())
        case .waiting:
            _ = try remember { $0.pendingCodes[.verifyEmail] = nil }
        case .stored(let address):
            let isLast = authentication.emailAddresses.count == 1
            guard isLast ? settings.loginMethods != [.email] : !address.primary else {
                return .refused(
                    Refusal(.cannotRemovePrimaryEmail, field: "email", .cannotRemovePrimaryEmail))
            }
            if needsReauthentication(authentication) { return .reauthenticationRequired(authentication) }
            try remove(address, of: authentication.user)
            // `email` is the removed address, not the recipient of the mail.
            try notify(.emailDeleted, authentication.user, values: ["email": address.email])
            if try verification()?.code.email == email {
                _ = try remember { $0.pendingCodes[.verifyEmail] = nil }
            }
        }
        return try emailAddresses()
    }
}
