// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// The outcome of a log-in by a provider.
public enum SocialLoginOutcome: Sendable {
    /// The caller is logged in; the account may be connected to them now.
    case authenticated(Authentication)
    /// The stored account and its token were updated without a log-in, for the process `redirect`.
    case updated
    /// The application's hook redirects the browser to that address instead.
    case redirected(to: URL)
}

/// The results of hooks and rate limits for a social log-in, which are obtained before its transaction.
struct SocialClearance: Sendable {
    /// The hook's answer; `proceed` without a hook.
    var verdict = HookVerdict.proceed
    /// The user that the log-in matched, and that these results are about.
    var leadsTo: User.ID?
    /// Whether `pre_social_login` was emitted for this connect already, before the user reauthenticated.
    var wasTold = false
    /// Whether a confirmation mail may be sent.
    var allowance = MailRateLimit.mail
    /// The refusal of the application's `mayLogIn` hook.
    var refusal: Refusal?
    /// Whether sign-up is open.
    var isOpen = true
    /// Whether a sign-up needs the form, because the application refuses the data from the provider.
    var needsForm = false

    var mayMail: Bool { allowance == .mail }
}

extension Accounts {
    /// Runs the flow for an identity that a provider has proved: calls the hooks, then emits `pre_social_login` and
    /// logs in, signs up or connects in one transaction.
    ///
    /// Source: allauth `socialaccount/internal/flows/login.py:complete_login`.
    func completeSocialLogin(
        _ told: SocialIdentity, _ provider: any SocialProvider, _ process: SocialLoginSnapshot.Process,
        _ context: FlowContext
    ) async throws -> FlowResult<SocialLoginOutcome> {
        guard let identity = told.checked(of: provider) else { return .refused(.invalidToken()) }
        if let token = identity.oneTimeToken {
            // In a separate transaction, because the loop below may run more than once.
            let isFirst = try await withTransaction(context) { try $0.transaction.use(token) }
            if !isFirst { return .refused(.invalidToken()) }
        }
        var attempts = 0
        while true {
            let byEmail = authenticatesByEmail(identity, provider)
            let found = try await store.read { try $0.find(identity, process, byEmail: byEmail) }
            let clearance = try await clearance(of: found, context)
            let result = try await withTransaction(context) { flow in
                try flow.completeSocialLogin(identity, process, provider, clearance)
            }
            if let result { return result }
            // A concurrent transaction has changed which user the log-in matches.
            attempts += 1
            if attempts == 3 { return .conflict }
        }
    }

    /// Calls the hooks and the rate limiter, which a transaction must not wait for.
    private func clearance(of found: FoundSocialLogin, _ context: FlowContext) async throws -> SocialClearance
    {
        let login = found.login
        var clearance = SocialClearance(leadsTo: login.user?.id)
        if login.process == .connect, try await wasTold(of: login, context) {
            clearance.wasTold = true
        } else if let hook = hooks.preSocialLogin {
            clearance.verdict = try await hook.verdict(on: login, context)
        }
        var user = login.user
        if case .connect(let target) = clearance.verdict.answer {
            user = try await store.read { try $0.user(id: target) }
            if user == nil { clearance.verdict = .denied("unknown_user") }
        }
        guard login.process == .login else { return clearance }
        if let user {
            clearance.refusal = try await hooks.mayLogIn(user, context)
            clearance.allowance = try await socialAllowance(of: user, login.identity, context)
            return clearance
        }
        let form = SignUp(email: login.identity.emailAddresses.proposal, username: login.identity.username)
        clearance.isOpen = try await isOpenForSocialSignup(form, context)
        guard clearance.isOpen, settings.social.autoSignup else { return clearance }
        clearance.needsForm = try await !hooks.validateSignUp(form, context).isEmpty
        guard !clearance.needsForm else { return clearance }
        clearance.allowance = try await socialAllowance(
            typed: nil, told: login.identity.emailAddresses, context: context)
        return clearance
    }

    func isOpenForSocialSignup(_ form: SignUp, _ context: FlowContext) async throws -> Bool {
        guard settings.signupOpen else { return false }
        return try await hooks.maySignUp(form, context)
    }

    /// Whether `pre_social_login` was emitted for this account in the caller's session already.
    private func wasTold(of login: SocialLogin, _ context: FlowContext) async throws -> Bool {
        guard case .user(let authentication) = try await caller(context) else { return false }
        return authentication.session.pendingConnect(of: login.identity, settings, clock.now()) != nil
    }

    /// Whether the log-in of an existing user may send a confirmation mail.
    private func socialAllowance(
        of user: User, _ identity: SocialIdentity, _ context: FlowContext
    ) async throws -> MailRateLimit {
        guard settings.socialEmailVerification == .mandatory else { return .mail }
        let vouchedFor = identity.emailAddresses.filter(\.verified)
        let addresses = try await store.read { try $0.emailAddresses(of: user.id) }
        // An address that the provider vouches for is verified by the log-in itself, without a mail.
        if addresses.contains(where: { own in vouchedFor.contains { own.isNamed($0.email) } }) {
            return .mail
        }
        return try await confirmationAllowance(to: addresses.unverified(for: nil)?.email, context)
    }

    /// Whether a sign-up may send a mail: to confirm the address, or to notify its owner that it is taken.
    func socialAllowance(
        typed: String?, told: [SocialEmailAddress], context: FlowContext
    ) async throws -> MailRateLimit {
        guard let email = typed ?? told.proposal else { return .mail }
        if try await store.read({ try !$0.addressesLeadingIn(by: email).isEmpty }) {
            return settings.emailVerification == .mandatory
                ? try await confirmationAllowance(to: email, context) : .mail
        }
        guard settings.socialEmailVerification != .none,
            let primary = SocialAddresses.merged(typed: typed, told: told).first(where: \.primary),
            !primary.verified
        else { return .mail }
        return try await confirmationAllowance(to: primary.email, context)
    }
}

extension AccountSettings {
    /// The verification that social log-ins require: `SOCIALACCOUNT_EMAIL_VERIFICATION`.
    var socialEmailVerification: EmailVerification { social.emailVerification ?? emailVerification }
}

extension Session {
    /// The account that waits to be connected, unless it has expired.
    func pendingConnect(
        of identity: SocialIdentity, _ settings: AccountSettings, _ now: Date
    ) -> PendingConnect? {
        guard let pending = state.pendingConnect, pending.provider == identity.provider,
            pending.uid.hasSameBytes(as: identity.uid), pending.startedAt + settings.loginTimeout > now
        else { return nil }
        return pending
    }

    /// The social sign-up that waits for its form, unless it has expired.
    func pendingSignup(_ settings: AccountSettings, _ now: Date) -> PendingSocialSignup? {
        guard userID == nil, let pending = state.pendingSignup,
            pending.startedAt + settings.loginTimeout > now
        else { return nil }
        return pending
    }
}

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
