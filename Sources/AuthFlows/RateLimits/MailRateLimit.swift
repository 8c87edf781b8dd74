// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The result of the rate limit for confirmation mails.
enum MailRateLimit: Hashable, Sendable {
    case mail
    /// A link was mailed recently and still works: the mail is silently skipped.
    case skip
    /// A code was mailed recently, and another one would make it void: try again after that many seconds.
    case refused(retryAfter: Double)

    /// The seconds to wait if the mail is refused; nil otherwise.
    var retryAfter: Double? {
        if case .refused(let seconds) = self { seconds } else { nil }
    }
}

extension Accounts {
    /// Whether a confirmation mail may be sent to that address now. The attempt is counted, unless the address is nil.
    func confirmationAllowance(to email: String?, _ context: FlowContext) async throws -> MailRateLimit {
        guard let email else { return .mail }
        switch try await limit(.confirmEmail, context, key: EmailAddress.key(of: email)) {
        case .allowed: return .mail
        case .refused(let seconds):
            return settings.emailVerificationByCode ? .refused(retryAfter: seconds) : .skip
        }
    }

    /// Whether a log-in may send a confirmation mail. Nothing is counted if no mail would be sent.
    func confirmationAllowance(
        of user: User, named email: String?, _ context: FlowContext
    ) async throws -> MailRateLimit {
        guard settings.emailVerification == .mandatory else { return .mail }
        let addresses = try await store.read { try $0.emailAddresses(of: user.id) }
        return try await confirmationAllowance(to: addresses.unverified(for: email)?.email, context)
    }
}
