// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The address of a sign-up that waits for a code, and turned out to be mistyped.
extension Step {
    /// The sign-up whose address may be changed now; nil where there is none.
    ///
    /// Where somebody has come by a provider meanwhile and been taken for the address's owner (SO18), the
    /// account is theirs: who began it with nothing but a password cannot take it along to another address.
    func changeableVerification() throws -> (user: User, code: PendingCode, login: PendingLogin)? {
        guard let waiting = try verification(), let login = waiting.login, let id = waiting.code.userID,
            let user = try transaction.user(id: id), user.isActive, user.lastLogin == nil,
            waiting.code.changes < settings.emailVerificationChanges,
            try login.sociallogin != nil || transaction.socialAccounts(of: id).isEmpty
        else { return nil }
        return (user, waiting.code, login)
    }

    func objectionAtStage(to email: String) throws -> FlowResult? {
        guard let (_, code, _) = try changeableVerification() else { return .conflict }
        if code.email == email {
            return .refused(
                Refusal(
                    .sameAsCurrent, field: "email", "The new value must be different from the current one."))
        }
        return try availability(of: email) == .taken ? .refused(.emailTaken(field: "email")) : nil
    }

    /// Has another address verified instead. The row of the former is replaced, which makes its links void;
    /// time and failures go on counting.
    func changeVerification(to email: String) throws -> FlowResult {
        guard let (user, formerCode, formerLogin) = try changeableVerification() else { return .conflict }
        var (code, login) = (formerCode, formerLogin)
        var addresses = try transaction.emailAddresses(of: user.id)
        if try availability(of: email) == .concealed {
            // The caller is told what they would be told of a free one; no code matches any more.
            try mailAccountAlreadyExists(to: email)
            code.mac = nil
            code.email = email
            if let last = addresses.lastIndex(where: { !$0.verified }) { addresses[last].email = email }
        } else {
            if let former = addresses.last(where: { !$0.verified }) { try transaction.delete(former) }
            let isPrimary = try !transaction.emailAddresses(of: user.id).contains(where: \.primary)
            let address = EmailAddress(
                id: .version7(at: now), userID: user.id, email: email, verified: false, primary: isPrimary)
            try transaction.insert(address)
            code = try mailVerificationCode(user, address, restarting: code)
            addresses = try transaction.emailAddresses(of: user.id)
            login.email = email
        }
        code.changes += 1
        let (pending, waiting) = (code, login)
        _ = try remember { state in
            state.pendingCodes[.verifyEmail] = pending
            state.pendingLogin = waiting
        }
        return .emailAddresses(addresses)
    }
}
