// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// What a confirmation link or code would confirm.
public struct EmailConfirmationInfo: Sendable {
    public var user: User
    public var email: String
    /// Whether a pending log-in of the caller waits for this confirmation.
    public var isPendingLogin: Bool
}

extension Accounts {
    /// Returns what a link's key would confirm, without changing anything.
    ///
    /// - Returns: nil if the key is wrong, used or expired.
    public func emailConfirmation(for key: LinkKey, _ context: FlowContext = FlowContext()) async throws
        -> EmailConfirmationInfo?
    {
        try await withTransaction(context) { flow in
            guard let address = try flow.address(confirmedBy: key), !address.verified,
                let user = try flow.transaction.user(id: address.userID), user.isActive
            else { return nil }
            let pending = try flow.session().flatMap { try flow.pendingLogin(at: .verifyEmail, in: $0) }
            return EmailConfirmationInfo(
                user: user, email: address.email, isPendingLogin: pending?.userID == user.id)
        }
    }

    /// Confirms an address by the key of the link that was mailed to it: `email_confirmed`.
    ///
    /// The link can be used once, and expires after `ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS`. With
    /// `ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION` it completes a log-in that waits for it in the same session.
    public func confirmEmail(_ key: LinkKey, _ context: FlowContext = FlowContext()) async throws
        -> FlowResult<Authentication>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        return try await withTransaction(context) { flow in
            guard let address = try flow.address(confirmedBy: key), !address.verified,
                var user = try flow.transaction.user(id: address.userID), user.isActive
            else {
                return .refused(.wrongKey(key))
            }
            if try flow.isVerifiedElsewhere(address.email, than: user.id) {
                return .refused(.emailTaken(field: "key"))
            }
            // If one user's link is opened in another user's session, that session ends.
            var session = try flow.session()
            if let open = session, let other = open.userID, other != user.id {
                if let other = try flow.transaction.user(id: other) { try flow.logOut(other, open) }
                session = nil
            }
            try flow.verify(address, of: user)
            user = try flow.transaction.user(id: user.id) ?? user
            return try flow.afterConfirmation(of: user, session)
        }
    }
}

extension FlowTransaction {
    /// Whether another user has proved that the address is theirs.
    func isVerifiedElsewhere(_ email: String, than user: User.ID) throws -> Bool {
        try transaction.emailAddresses(matching: email).contains { $0.verified && $0.userID != user }
    }

    /// Makes an address verified, and also primary if the user has no primary address or if it replaces the others.
    ///
    /// Signals: `email_added` if the address is new; `email_confirmed`; `signup_completed` if it is the first proved
    /// address of a user who has signed up; with `ACCOUNT_CHANGE_EMAIL` also
    /// `email_changed` if the primary address has changed, and an `email_removed` for each replaced address. allauth
    /// emits `email_changed` also if the primary address stays the same, and deletes replaced addresses silently.
    ///
    /// - Parameter isNew: whether the address is not stored yet.
    func verify(_ address: EmailAddress, of user: User, isNew: Bool = false) throws {
        var address = address
        let others = try transaction.emailAddresses(of: user.id).filter { $0.id != address.id }
        let former = others.first { $0.primary }
        let becomesPrimary = !address.primary && (settings.changeEmail || former == nil)
        if becomesPrimary, var former {
            former.primary = false
            try transaction.update(former)
        }
        address.verified = true
        address.primary = address.primary || becomesPrimary
        if isNew {
            try transaction.insert(address)
            try transaction.emit(
                EmailAdded(request: request, user: snapshot(of: user), emailAddress: address.snapshot))
        } else {
            try transaction.update(address)
        }
        try transaction.emit(
            EmailConfirmed(request: request, user: snapshot(of: user), emailAddress: address.snapshot))
        try completeSignup(of: user, with: address)
        guard settings.changeEmail else { return }
        if becomesPrimary { try emitEmailChanged(user, from: former, to: address) }
        for other in others { try remove(other, of: user) }
    }

    /// Emits `email_changed` and notifies the former primary address by mail.
    func emitEmailChanged(_ user: User, from former: EmailAddress?, to address: EmailAddress) throws {
        try transaction.emit(
            EmailChanged(
                request: request, user: snapshot(of: user), fromEmailAddress: former?.snapshot,
                toEmailAddress: address.snapshot))
        guard let former else { return }
        try notify(
            .emailChanged, user, to: former.email,
            values: ["from_email": former.email, "to_email": address.email])
    }

    /// Deletes an address: `email_removed`.
    func remove(_ address: EmailAddress, of user: User) throws {
        try transaction.delete(address)
        try transaction.emit(
            EmailRemoved(request: request, user: snapshot(of: user), emailAddress: address.snapshot))
    }

    /// The result of a confirmation by link; completes the log-in that waits for it.
    func afterConfirmation(of user: User, _ session: Session?) throws -> FlowResult<Authentication> {
        guard let session, session.userID == nil, let login = try pendingLogin(at: .verifyEmail, in: session),
            login.userID == user.id
        else { return try currentResult() }
        if settings.loginOnEmailConfirmation { return try advance(login, of: user, after: .verifyEmail) }
        try forgetLogin()
        return try currentResult()
    }
}

extension Session {
    /// The pending flows of this session.
    func pending(_ settings: AccountSettings, _ now: Date) -> PendingAuthentication {
        func awaits(_ purpose: PendingCode.Purpose) -> Bool {
            guard let code = state.pendingCodes[purpose] else { return false }
            return code.startedAt + settings.timeout(of: purpose) > now
        }
        var flows: [PendingAuthentication.Flow] = []
        if let login = state.pendingLogin, login.startedAt + settings.loginTimeout > now {
            let isOpen =
                switch login.stage {
                case .loginByCode: awaits(.login)
                case .verifyEmail: !settings.emailVerificationByCode || awaits(.verifyEmail)
                default: true
                }
            if isOpen { flows.append(.init(rawValue: login.stage.rawValue)) }
        }
        if awaits(.resetPassword) { flows.append(.passwordResetByCode) }
        let signup = pendingSignup(settings, now)
        if signup != nil { flows.append(.providerSignup) }
        return PendingAuthentication(flows: flows, provider: signup?.provider)
    }
}
