// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// That somebody may reset a user's password.
struct ResetProof {
    var user: User
    var emailAddresses: [EmailAddress]
    /// Nil where a link proved it.
    var code: PendingCode?
}

extension Step {
    /// Judges a key or a code. A wrong code is counted, and says so where a user is behind it.
    func judgeReset(_ key: String) throws -> Result<ResetProof, Answered> {
        if !settings.passwordResetByCode {
            if key.isEmpty { return .failure(Answered(result: .refused(.required(field: "key")))) }
            if let user = try user(resetBy: LinkKey(key)) { return .success(try proof(user)) }
            return .failure(
                Answered(
                    result: .refused(
                        Refusal(.invalidPasswordReset, field: "key", "The password reset token was invalid."))
                ))
        }
        guard let session = try session(), var code = pendingCode(.resetPassword, in: session) else {
            return .failure(Answered(result: .conflict))
        }
        let owner = try code.userID.flatMap { try transaction.user(id: $0) }
        if case .wrong(let isLast) = judge(Code(key), .resetPassword, &code) {
            try countFailure(.resetPassword, code, isLast: isLast)
            if let owner {
                try transaction.emit(
                    PasswordResetCodeRejected(
                        request: request, user: snapshot(of: owner), lastAttempt: isLast))
            }
            return .failure(Answered(result: .refused(.wrongCode(key, field: "key"))))
        }
        guard let owner, owner.isActive else {
            try countFailure(.resetPassword, code, isLast: true)
            return .failure(Answered(result: .conflict))
        }
        return .success(try proof(owner, code))
    }

    private func proof(_ user: User, _ code: PendingCode? = nil) throws -> ResetProof {
        ResetProof(user: user, emailAddresses: try transaction.emailAddresses(of: user.id), code: code)
    }

    /// Takes note of a right code: it verifies its address, and its time begins anew, once.
    func confirm(_ proof: ResetProof) throws {
        guard var code = proof.code, !code.isConfirmed else { return }
        code.isConfirmed = true
        code.startedAt = now
        let confirmed = code
        if try session() != nil { _ = try remember { $0.pendingCodes[.resetPassword] = confirmed } }
        if let email = code.email { try verifyIndirectly(email, of: proof.user) }
    }
}
