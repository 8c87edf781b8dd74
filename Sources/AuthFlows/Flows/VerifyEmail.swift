// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Confirms an address by the key of a mailed link, or by a code if `ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED` is
    /// on.
    ///
    /// `POST auth/email/verify` of the headless API; see ``confirmEmail(_:_:)-(LinkKey,_)`` and
    /// ``confirmEmail(_:_:)-(Code,_)``.
    public func verifyEmail(_ keyOrCode: String, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        if settings.emailVerificationByCode { return try await confirmEmail(Code(keyOrCode), context) }
        return try await confirmEmail(LinkKey(keyOrCode), context)
    }

    /// Returns what a key or a code would confirm. A wrong code counts as an attempt.
    public func emailVerification(for keyOrCode: String, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<EmailConfirmationInfo>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        if settings.emailVerificationByCode {
            return try await withTransaction(context) { try $0.emailVerification(for: Code(keyOrCode)) }
        }
        guard let info = try await emailConfirmation(for: LinkKey(keyOrCode), context) else {
            return .refused(.wrongKey(LinkKey(keyOrCode)))
        }
        return .success(info)
    }
}
