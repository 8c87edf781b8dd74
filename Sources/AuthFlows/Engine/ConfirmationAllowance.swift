// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What the rate limit of confirmation mails says.
enum ConfirmationAllowance: Hashable, Sendable {
    case mail
    /// A link was mailed a moment ago and still works: another is quietly left out.
    case skip
    /// A code was mailed a moment ago, and another would make it void: to be tried again after that many
    /// seconds.
    case refused(retryAfter: Double)

    /// The answer where it was refused; nil: go on.
    var answer: FlowResult? {
        if case .refused(let seconds) = self { .rateLimited(retryAfter: seconds) } else { nil }
    }
}

extension Accounts {
    /// Whether a confirmation mail may go to that address now; it counts. Nil: to nobody.
    func confirmationAllowance(to email: String?, _ visit: Visit) async throws -> ConfirmationAllowance {
        guard let email else { return .mail }
        switch try await limit(.confirmEmail, visit, key: EmailAddress.key(of: email)) {
        case .allowed: return .mail
        case .refused(let seconds):
            return settings.emailVerificationByCode ? .refused(retryAfter: seconds) : .skip
        }
    }

    /// Whether a log-in may mail what confirms its address; nothing is counted where nothing would be mailed.
    func confirmationAllowance(
        of user: User, named email: String?, _ visit: Visit
    ) async throws -> ConfirmationAllowance {
        guard settings.emailVerification == .mandatory else { return .mail }
        let addresses = try await store.read { try $0.emailAddresses(of: user.id) }
        return try await confirmationAllowance(to: addresses.unverified(for: email)?.email, visit)
    }
}
