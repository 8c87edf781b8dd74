// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The form that completes a sign-up by a provider.
public struct SocialSignUp: Sendable {
    public var email: String?
    public var username: String?

    public init(email: String? = nil, username: String? = nil) {
        self.email = email
        self.username = username
    }
}

/// The known data of a sign-up that waits for its form.
public struct SocialSignUpProposal: Sendable {
    public var provider: String
    public var uid: String
    public var name: String?
    public var username: String?
    /// The addresses from the provider; the primary one is proposed.
    public var emailAddresses: [SocialEmailAddress]
}

extension Accounts {
    /// The known data of the caller's sign-up that waits for its form.
    public func providerSignup(_ context: FlowContext) async throws -> FlowResult<SocialSignUpProposal> {
        try await pendingSignup(context).then { pending in
            let identity = try pending.identity(keys)
            let form = SignUp(email: identity.emailAddresses.proposal, username: identity.username)
            guard try await isOpenForSocialSignup(form, context) else { return .closed }
            return .success(
                SocialSignUpProposal(
                    provider: identity.provider, uid: identity.uid, name: identity.name,
                    username: identity.username, emailAddresses: identity.emailAddresses))
        }
    }

    /// Completes a sign-up by a provider with the data from the form: `authentication_step_completed`,
    /// `user_signed_up`, and a log-in unless the address has to be verified first.
    ///
    /// - Returns: ``FlowResult/conflict`` if no sign-up is pending.
    public func signUpWithProvider(_ form: SocialSignUp, _ context: FlowContext) async throws
        -> FlowResult<Authentication>
    {
        try await pendingSignup(context).then { try await signUp(form, $0, context) }
    }

    private func signUp(
        _ form: SocialSignUp, _ pending: PendingSocialSignup, _ context: FlowContext
    ) async throws -> FlowResult<Authentication> {
        if let seconds = try await secondsUntilAllowed(.signup, context) {
            return .rateLimited(retryAfter: seconds)
        }
        var refusals: [Refusal] = []
        let checked = check(form, &refusals)
        let whole = SignUp(email: checked.email, username: checked.username)
        guard try await isOpenForSocialSignup(whole, context) else { return .closed }
        refusals += try await hooks.validateSignUp(whole, context)
        guard refusals.isEmpty else { return .refused(refusals) }
        let allowance = try await socialAllowance(
            typed: checked.email, told: pending.emailAddresses, context: context)
        if let seconds = allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        let name = provider(pending.provider)?.name ?? pending.provider
        return try await withTransaction(context) { flow in
            try flow.signUp(checked, pending, of: name, mayMail: allowance == .mail)
        }
    }

    private func pendingSignup(_ context: FlowContext) async throws -> FlowResult<PendingSocialSignup> {
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .user: return .conflict
        case .anonymous(let session):
            guard let pending = session?.pendingSignup(settings, clock.now()) else {
                return .conflict
            }
            return .success(pending)
        }
    }

    private func check(_ form: SocialSignUp, _ refusals: inout [Refusal]) -> SocialSignUp {
        let checks = FieldChecks(settings: settings)
        var checked = SocialSignUp()
        let required = settings.socialEmailRequired
        if required || settings.signupFields[.email] != nil {
            checked.email = checks.email(form.email, required: required).get(refusals: &refusals) ?? nil
        }
        if let required = settings.signupFields[.username] {
            checked.username =
                checks.username(form.username, required: required).get(refusals: &refusals) ?? nil
        }
        return checked
    }
}

extension AccountSettings {
    /// Whether a social sign-up needs an address: `SOCIALACCOUNT_EMAIL_REQUIRED`.
    package var socialEmailRequired: Bool { social.emailRequired ?? (signupFields[.email] == true) }

    /// Whether providers are asked for addresses: `SOCIALACCOUNT_QUERY_EMAIL`.
    public var asksProvidersForEmail: Bool { social.queryEmail ?? socialEmailRequired }
}

extension FlowTransaction {
    /// Signs up a new user, without a form if no data is missing.
    ///
    /// Source: allauth `socialaccount/internal/flows/signup.py:process_signup`.
    func signUp(_ login: SocialLogin, _ clearance: SocialClearance) throws -> FlowResult<Authentication> {
        guard clearance.isOpen else { return .closed }
        if let seconds = clearance.allowance.retryAfter { return .rateLimited(retryAfter: seconds) }
        try logOutCurrentUser()
        guard settings.social.autoSignup, !clearance.needsForm else { return try askForForm(login.identity) }
        guard let email = login.identity.emailAddresses.proposal else {
            if settings.socialEmailRequired { return try askForForm(login.identity) }
            return try create(login, typed: nil, username: proposedUsername(login), mayMail: true)
        }
        switch try availability(of: email) {
        case .free:
            return try create(
                login, typed: nil, username: proposedUsername(login), mayMail: clearance.mayMail)
        case .taken: return try askForForm(login.identity)
        case .concealed:
            return try pretendSignUp(
                email: email, mailsOwner: clearance.mayMail,
                ConcealedSignUp(
                    username: try proposedUsername(login), login.identity, keys: accounts.keys, at: now))
        }
    }

    /// Completes a sign-up with its form.
    func signUp(
        _ form: SocialSignUp, _ known: PendingSocialSignup, of providerName: String, mayMail: Bool
    ) throws -> FlowResult<Authentication> {
        guard let pending = try session()?.pendingSignup(settings, now), pending == known else {
            return .conflict
        }
        let identity = try pending.identity(accounts.keys)
        if try transaction.socialAccount(provider: identity.provider, uid: identity.uid) != nil {
            // The account was connected or signed up in another session meanwhile. The user has to log in with the
            // provider again, and the hook is called again.
            _ = try remember { $0.pendingSignup = nil }
            return .conflict
        }
        if let username = form.username, try transaction.user(username: username) != nil {
            return .refused(.usernameTaken())
        }
        if let email = form.email {
            switch try availability(of: email) {
            case .free: break
            case .taken: return .refused(.socialEmailTaken(providerName))
            case .concealed:
                _ = try remember { $0.pendingSignup = nil }
                return try pretendSignUp(
                    email: email, mailsOwner: mayMail,
                    ConcealedSignUp(username: form.username, identity, keys: accounts.keys, at: now))
            }
        }
        _ = try remember { $0.pendingSignup = nil }
        let login = SocialLogin(identity: identity, process: .login)
        return try create(login, typed: form.email, username: form.username, mayMail: mayMail)
    }

    /// Keeps the identity in the session until the user submits the form: `provider_signup` is pending.
    private func askForForm(_ identity: SocialIdentity) throws -> FlowResult<Authentication> {
        let pending = try PendingSocialSignup(identity, keys: accounts.keys, at: now)
        let token = try remember { state in
            state.pendingSignup = pending
            state.pendingLogin = nil
        }
        return .unauthenticated(
            PendingAuthentication(flows: [.providerSignup], newToken: token, provider: identity.provider))
    }

    /// Creates an account, and starts its log-in pipeline.
    private func create(
        _ new: SocialLogin, typed: String?, username: String?, mayMail: Bool
    ) throws -> FlowResult<Authentication> {
        let addresses = try freeAddresses(typed: typed, told: new.identity.emailAddresses)
        let (user, waiting) = try createUser(new, addresses, username: username)
        return try advance(waiting, of: user, mayMail: mayMail)
    }

    /// Creates a user and their account at the provider: `authentication_step_completed`, `user_signed_up`, and
    /// `signup_completed` if the provider has verified an address.
    ///
    /// - Returns: the user, and the log-in that follows.
    func createUser(
        _ new: SocialLogin, _ addresses: [SocialEmailAddress], username: String?
    ) throws -> (User, PendingLogin) {
        let user = User(
            id: .version7(at: now), username: username, dateJoined: now, passwordHash: nil,
            language: context.language)
        try transaction.insert(user)
        for address in addresses {
            try transaction.insert(
                EmailAddress(
                    id: .version7(at: now), userID: user.id, email: address.email, verified: address.verified,
                    primary: address.primary))
        }
        var login = new
        try insertAccount(&login, of: user)
        let waiting = try record(login, of: user, signup: true)
        try transaction.emit(
            UserSignedUp(request: request, user: snapshot(of: user), sociallogin: snapshot(of: login)))
        try beginSignup(of: user)
        try accounts.hooks.didSignUp(user, transaction)
        return (user, waiting)
    }

    /// The addresses that no other user has.
    private func freeAddresses(typed: String?, told: [SocialEmailAddress]) throws -> [SocialEmailAddress] {
        let free = try told.filter { address in
            let others = try transaction.addressesLeadingIn(by: address.email)
            return settings.preventEnumeration == .strict
                ? !address.verified || !others.contains(where: \.verified) : others.isEmpty
        }
        return SocialAddresses.merged(typed: typed, told: free)
    }

    /// A username for a user who was not asked for one; nil if usernames are not used.
    ///
    /// Source: allauth `account/adapter.py:populate_username`.
    private func proposedUsername(_ login: SocialLogin) throws -> String? {
        guard settings.signupFields[.username] != nil || settings.loginMethods.contains(.username) else {
            return nil
        }
        let told = [
            login.identity.username, login.identity.name,
            login.identity.emailAddresses.proposal.flatMap { $0.split(separator: "@").first }.map(
                String.init),
        ]
        let checks = FieldChecks(settings: settings)
        for text in told.compactMap({ $0 }) + ["user"] {
            // By UTF-8 bytes, because a letter and a mark or joiner after it form one `Character`.
            let plain = text.lowercased().utf8.filter { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || ".+-_".utf8.contains(byte)
            }
            let base = String(decoding: plain.prefix(130), as: UTF8.self)
            guard !base.isEmpty else { continue }
            for suffix in ["", "2", "3", "4", "5"]
                + (0..<5).map({ _ in String(Int.random(in: 10_000...9_999_999)) })
            {
                guard case .success(let username?) = checks.username(base + suffix, required: true),
                    try transaction.user(username: username) == nil
                else { continue }
                return username
            }
        }
        return nil
    }
}
