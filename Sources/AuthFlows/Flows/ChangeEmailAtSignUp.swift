// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Changing a mistyped address while a sign-up waits for its code.
extension FlowTransaction {
    /// A sign-up whose address may be changed now.
    struct ChangeableVerification {
        /// Nil if the sign-up is only pretended.
        var user: User?
        var code: PendingCode
        var login: PendingLogin
    }

    /// The sign-up whose address may be changed now; nil if none is pending.
    ///
    /// It may not be changed once the address was proved, or once a log-in by a provider has proved its owner and taken
    /// the account over. The account then belongs to that owner, and the client that started it with only a password
    /// must not move it to another address.
    func changeableVerification() throws -> ChangeableVerification? {
        guard let waiting = try verification(), let login = waiting.login,
            waiting.code.changes < settings.emailVerificationChanges
        else { return nil }
        guard let id = waiting.code.userID else {
            guard login.userID == nil, login.signup else { return nil }
            return ChangeableVerification(user: nil, code: waiting.code, login: login)
        }
        guard let user = try transaction.user(id: id), user.isActive, user.lastLogin == nil,
            try login.sociallogin != nil || transaction.socialAccounts(of: id).isEmpty,
            try waiting.code.mac == nil || isStillPending(waiting.code, of: user)
        else { return nil }
        return ChangeableVerification(user: user, code: waiting.code, login: login)
    }

    private func isStillPending(_ code: PendingCode, of user: User) throws -> Bool {
        try transaction.emailAddresses(of: user.id).contains { $0.isNamed(code.email) && !$0.verified }
    }

    func objectionAtStage(to email: String) throws -> FlowResult<[EmailAddress]>? {
        guard let waiting = try changeableVerification() else { return .conflict }
        if waiting.code.email == email {
            return .refused(
                Refusal(.sameAsCurrent, field: "email", .sameAsCurrent))
        }
        return try availability(of: email) == .taken ? .refused(.emailTaken(field: "email")) : nil
    }

    /// Replaces the address to verify. The row of the former address is replaced too, which makes its links void. The
    /// time-out and the failures are not reset.
    ///
    /// A sign-up that was only pretended, because its address is taken, gets the same result. If the new address is
    /// free, its account is created now.
    func changeVerification(to email: String) throws -> FlowResult<[EmailAddress]> {
        guard let waiting = try changeableVerification() else { return .conflict }
        var (code, login) = (waiting.code, waiting.login)
        var addresses: [EmailAddress]
        if try availability(of: email) == .concealed {
            // The result is the same as for a free address, but no code matches any more.
            try mailAccountAlreadyExists(to: email)
            addresses = try waiting.user.map { try transaction.emailAddresses(of: $0.id) } ?? []
            if let last = addresses.lastIndex(where: { !$0.verified }) {
                addresses[last].email = email
            } else if waiting.user == nil {
                addresses = [unstoredAddress(email, code)]
            }
            code.mac = nil
            code.email = email
        } else if let user = waiting.user {
            addresses = try transaction.emailAddresses(of: user.id)
            if let former = addresses.last(where: { !$0.verified }) { try transaction.delete(former) }
            let isPrimary = try !transaction.emailAddresses(of: user.id).contains(where: \.primary)
            let address = EmailAddress(
                id: .version7(at: now), userID: user.id, email: email, verified: false, primary: isPrimary)
            try transaction.insert(address)
            code = try mailVerificationCode(user, address, restarting: code)
            addresses = try transaction.emailAddresses(of: user.id)
            login.email = email
        } else if let concealed = login.concealed {
            if let username = concealed.username, try transaction.user(username: username) != nil {
                return .refused(.usernameTaken())
            }
            let user = try create(concealed, email: email, &login)
            addresses = try transaction.emailAddresses(of: user.id)
            guard let address = addresses.first else { return .conflict }
            code.userID = user.id
            code = try mailVerificationCode(user, address, restarting: code)
        } else {
            // A bot has filled in the honeypot field, so no account is created.
            code.email = email
            login.email = email
            addresses = [unstoredAddress(email, code)]
        }
        code.changes += 1
        let (pending, next) = (code, login)
        _ = try remember { state in
            state.pendingCodes[.verifyEmail] = pending
            state.pendingLogin = next
            state.passwordMark = next.passwordMark ?? state.passwordMark
        }
        return .success(addresses)
    }

    /// Creates the account of a sign-up that was only pretended.
    private func create(
        _ concealed: ConcealedSignUp, email: String, _ login: inout PendingLogin
    ) throws -> User {
        let user: User
        if let social = concealed.social {
            let identity = try social.identity(accounts.keys)
            let address = SocialEmailAddress(email: email, verified: false, primary: true)
            (user, login) = try createUser(
                SocialLogin(identity: identity, process: .login), [address], username: concealed.username)
        } else {
            user = try createUser(
                email: email, username: concealed.username, concealed.passwordHash(accounts.keys))
            login.userID = user.id
            login.passwordMark = user.passwordMark
            login.concealed = nil
        }
        login.email = email
        return user
    }

    /// The address in the form that a new user's address would have.
    private func unstoredAddress(_ email: String, _ code: PendingCode) -> EmailAddress {
        EmailAddress(id: code.id, userID: code.id, email: email, verified: false, primary: true)
    }
}
