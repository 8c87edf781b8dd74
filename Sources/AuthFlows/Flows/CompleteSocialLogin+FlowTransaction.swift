// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension FlowTransaction {
    /// Completes a social log-in in one transaction.
    ///
    /// - Returns: nil if it matches another user than the one that the hooks were called for. No signal is emitted
    ///   then.
    func completeSocialLogin(
        _ identity: SocialIdentity, _ process: SocialLoginSnapshot.Process, _ provider: any SocialProvider,
        _ clearance: SocialClearance
    ) throws -> FlowResult<SocialLoginOutcome>? {
        var found = try transaction.find(
            identity, process, byEmail: accounts.authenticatesByEmail(identity, provider))
        if found.login.user?.id != clearance.leadsTo { return nil }
        if try session()?.state.pendingSignup != nil { _ = try remember { $0.pendingSignup = nil } }

        var isMoved = false
        if case .connect(let target) = clearance.verdict.answer {
            // An account of another user stays theirs.
            isMoved = found.login.account.map { $0.userID != target } ?? false
            if !isMoved {
                guard let user = try transaction.user(id: target) else { return nil }
                found.login.user = user
                found.email = nil
            }
        }
        if !clearance.wasTold { try tell(found.login, clearance.verdict) }
        switch clearance.verdict.answer {
        case .deny: return .forbidden(.denied)
        case .redirect(let url): return .success(.redirected(to: url))
        case .proceed, .connect: break
        }
        if isMoved { return .refused(.connectedOther()) }
        switch process {
        case .redirect:
            if var account = found.login.account, found.login.user?.isActive == true {
                try update(&account, found.login)
            }
            return .success(.updated)
        case .connect:
            return try connect(found.login, provider, isSettled: clearance.verdict.answer == .proceed)
                .map(SocialLoginOutcome.authenticated)
        default:
            return try logInWithProvider(found, provider, clearance).map(SocialLoginOutcome.authenticated)
        }
    }

    /// Emits `pre_social_login`, with the user if one is known. For a connect that is the caller.
    private func tell(_ login: SocialLogin, _ verdict: HookVerdict) throws {
        var user = login.user
        if user == nil, login.process == .connect { user = try authentication()?.user }
        try transaction.emit(
            PreSocialLogin(
                request: request, user: user.map(snapshot(of:)), sociallogin: snapshot(of: login),
                outcome: verdict.outcome, reason: verdict.reason))
    }

    /// The log-in in the form that payloads contain.
    func snapshot(of login: SocialLogin) throws -> SocialLoginSnapshot {
        login.snapshot(stored: try login.user.map { try transaction.emailAddresses(of: $0.id) } ?? [])
    }

    // MARK: Accounts

    /// Updates a connected account: `social_account_updated`.
    func update(_ account: inout SocialAccount, _ login: SocialLogin) throws {
        guard let user = login.user else { return }
        account.extraData = login.identity.extraData
        account.lastLogin = now
        try transaction.update(account)
        try storeToken(of: login.identity, with: account)
        var login = login
        login.account = account
        try transaction.emit(
            SocialAccountUpdated(
                request: request, user: snapshot(of: user), sociallogin: snapshot(of: login)))
    }

    /// Stores a new account of a user, without a signal.
    func insertAccount(_ login: inout SocialLogin, of user: User) throws {
        let account = SocialAccount(
            id: .version7(at: now), userID: user.id, provider: login.identity.provider,
            uid: login.identity.uid, dateJoined: now, lastLogin: now, extraData: login.identity.extraData)
        try transaction.insert(account)
        try storeToken(of: login.identity, with: account)
        login.account = account
        login.user = user
    }

    /// Connects a new account to a user: `social_account_added`, and a notification mail.
    func addAccount(_ login: inout SocialLogin, to user: User, _ provider: any SocialProvider) throws {
        try insertAccount(&login, of: user)
        try transaction.emit(
            SocialAccountAdded(request: request, user: snapshot(of: user), sociallogin: snapshot(of: login)))
        try notify(.accountConnected, user, values: ["provider": provider.name])
    }

    private func storeToken(of identity: SocialIdentity, with account: SocialAccount) throws {
        guard settings.social.storeTokens, var token = identity.token else { return }
        if token.refreshToken == nil {
            // Many providers send the refresh token only once, so the stored one is kept.
            token.refreshToken = try transaction.providerToken(of: account.id)?.refreshToken
        }
        try transaction.store(token, of: account.id)
    }
}
