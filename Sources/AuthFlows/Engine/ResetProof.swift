// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The proof that the caller may reset a user's password.
struct ResetProof: Sendable {
    var user: User
    var emailAddresses: [EmailAddress]
    /// The address that the link or the code was mailed to.
    var email: String
    /// Nil if the proof was a link.
    var code: PendingCode?
}

extension FlowTransaction {
    /// Checks a key or a code. A wrong code is counted, and `password_reset_code_rejected` is emitted if the pending
    /// code belongs to a user.
    func checkReset(_ key: String) throws -> FlowResult<ResetProof> {
        if !settings.passwordResetByCode {
            if key.isEmpty { return .refused(.required(field: "key")) }
            if let owner = try owner(resetBy: LinkKey(key)) {
                return .success(try proof(owner.user, owner.address.email))
            }
            return .refused(
                Refusal(.invalidPasswordReset, field: "key", "The password reset token was invalid."))
        }
        guard let session = try session(), var code = pendingCode(.resetPassword, in: session) else {
            return .conflict
        }
        let owner = try code.userID.flatMap { try transaction.user(id: $0) }
        if case .wrong(let isLast) = check(Code(key), .resetPassword, &code) {
            try countFailure(.resetPassword, code, isLast: isLast)
            if let owner {
                try transaction.emit(
                    PasswordResetCodeRejected(
                        request: request, user: snapshot(of: owner), lastAttempt: isLast))
            }
            return .refused(.wrongCode(key, field: "key"))
        }
        guard let owner, owner.isActive,
            let address = try transaction.emailAddresses(of: owner.id).first(where: {
                $0.isNamed(code.email)
            }), try transaction.leadsIn(address)
        else {
            // Since the code was mailed the user was changed, or the address no longer gives access to the account.
            try countFailure(.resetPassword, code, isLast: true)
            return .conflict
        }
        return .success(try proof(owner, address.email, code))
    }

    private func proof(_ user: User, _ email: String, _ code: PendingCode? = nil) throws -> ResetProof {
        ResetProof(
            user: user, emailAddresses: try transaction.emailAddresses(of: user.id), email: email, code: code)
    }

    /// Records a right code: verifies its address and restarts its time-out, once. If this is the first proof of the
    /// address, the creator of the account loses access immediately, because the new password may never be set.
    func confirm(_ proof: ResetProof) throws {
        guard var code = proof.code, !code.isConfirmed else { return }
        code.isConfirmed = true
        code.startedAt = now
        let confirmed = code
        if try session() != nil { _ = try remember { $0.pendingCodes[.resetPassword] = confirmed } }
        var user = proof.user
        if let email = code.email, try verifyIndirectly(email, of: user) {
            _ = try shutOutMaker(of: &user, proved: email, keeping: try session()?.id)
        }
    }
}
