// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// What was mailed for a password reset.
public enum PasswordResetMail: Sendable {
    /// A link, if a user has the address.
    case link
    /// A code, if a user has the address. The reset is pending in the session of this caller.
    case code(Authentication)
}

extension Accounts {
    /// Mails a link to reset a password, or a code if `ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED` is on; no signal.
    ///
    /// The result is the same whether the address has an account or not, unless `ACCOUNT_PREVENT_ENUMERATION` is off
    /// (`unknown_email`). If it has none, a mail notifies its owner (`ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS`). Inactive users
    /// count as unknown.
    ///
    /// - Returns: success for a link, and for a code that a logged-in caller requested; otherwise
    ///   ``FlowResult/unauthenticated(_:)``, with the reset by code pending.
    public func requestPasswordReset(_ email: String?, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<PasswordResetMail>
    {
        if settings.social.socialOnly { return .closed }
        if case .unknownToken = try await caller(context) { return .gone }
        var refusals: [Refusal] = []
        guard let email = FieldChecks(settings: settings).email(email).get(refusals: &refusals) ?? nil else {
            return .refused(refusals)
        }
        if let seconds = try await secondsUntilAllowed(
            .resetPassword, context, key: EmailAddress.key(of: email))
        {
            return .rateLimited(retryAfter: seconds)
        }
        return try await withTransaction(context) { try $0.requestPasswordReset(email) }
    }
}

extension FlowTransaction {
    /// The maximum number of users of one unverified address that get a mail, and whose passwords are tried.
    static var mostOwners: Int { 10 }

    func requestPasswordReset(_ email: String) throws -> FlowResult<PasswordResetMail> {
        let owners = try transaction.owners(of: email)
        if owners.isEmpty, settings.preventEnumeration == .off { return .refused(.unknownEmail()) }
        if owners.isEmpty { try mailUnknownAccount(to: email) }
        guard settings.passwordResetByCode else {
            for owner in owners.prefix(Self.mostOwners) { try mailResetLink(owner) }
            return .success(.link)
        }
        let code =
            if let owner = owners.first {
                try mailCode(
                    .resetPassword, template: .passwordResetCode, user: owner.user,
                    email: owner.address.email)
            } else {
                unknowableCode(email: email)
            }
        let token = try remember { $0.pendingCodes[.resetPassword] = code }
        return try currentResult(newToken: token, pending: [.passwordResetByCode])
            .map(PasswordResetMail.code)
    }

    /// Mails a reset link. Its key contains the id of the address's row, so that using it proves the address.
    private func mailResetLink(_ owner: AddressOwner) throws {
        let key = SignedKey(
            .resetPassword, id: owner.address.id, time: now, binding: try resetBinding(of: owner.user),
            keys: accounts.keys
        ).key
        try queueMail(
            .passwordResetKey, to: owner.address.email, user: owner.user,
            values: ["url": settings.links.resetPassword(key)])
    }

    /// The values that a reset key signs: it becomes void after a log-in, a new password or a change of addresses.
    ///
    /// Source: allauth `account/forms.py:EmailAwarePasswordResetTokenGenerator`.
    func resetBinding(of user: User) throws -> [String] {
        let addresses = try transaction.emailAddresses(of: user.id).map(\.email).sorted()
        return [user.id.wireText, user.passwordHash?.exposedText ?? "", user.lastLogin?.wireText ?? ""]
            + addresses
    }

    /// The user of a reset key and the address that it was mailed to; nil if the key is invalid or has expired.
    func owner(resetBy key: LinkKey) throws -> AddressOwner? {
        guard let signed = SignedKey(key), let address = try transaction.emailAddress(id: signed.id),
            let user = try transaction.user(id: address.userID), user.isActive,
            signed.isValid(.resetPassword, binding: try resetBinding(of: user), keys: accounts.keys),
            signed.time + settings.passwordResetLinkTimeout > now, try transaction.leadsIn(address)
        else { return nil }
        return AddressOwner(user: user, address: address)
    }
}
