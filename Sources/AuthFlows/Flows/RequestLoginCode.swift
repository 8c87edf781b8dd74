// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The user that a log-in code is requested for.
public struct RequestLoginCode: Sendable {
    public var email: String?
    /// If `ACCOUNT_LOGIN_METHODS` includes usernames: the code is mailed to the user's primary address.
    public var username: String?

    public init(email: String? = nil, username: String? = nil) {
        self.email = email
        self.username = username
    }
}

extension Accounts {
    /// Mails a log-in code and makes a log-in pending; no signal.
    ///
    /// If no user has the address, a mail notifies its owner (`ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS`), and a log-in is
    /// pending that no code completes. With `ACCOUNT_PREVENT_ENUMERATION` off it is refused with `unknown_email`.
    ///
    /// - Returns: ``FlowResult/unauthenticated(_:)``, since the log-in waits for the code.
    public func requestLoginCode(_ form: RequestLoginCode, _ context: FlowContext = FlowContext())
        async throws
        -> FlowResult<Authentication>
    {
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .user: return .conflict
        case .anonymous: break
        }
        guard settings.loginByCodeEnabled else { return .conflict }
        var refusals: [Refusal] = []
        let username = form.username?.trimmingCharacters(in: .whitespacesAndNewlines)
        let byUsername =
            settings.loginMethods.contains(.username) && form.email == nil && username?.isEmpty == false
        let email =
            byUsername ? nil : FieldChecks(settings: settings).email(form.email).get(refusals: &refusals)
        if let username, byUsername {
            _ = FieldChecks(settings: settings).knownUsername(username).get(refusals: &refusals)
        }
        guard refusals.isEmpty else { return .refused(refusals) }
        let wanted = RequestLoginCode(email: email ?? nil, username: byUsername ? username : nil)
        let key = wanted.email.map(EmailAddress.key(of:)) ?? wanted.username.map(Username.key(of:))
        if case .refused = try await limit(.requestLoginCode, context, key: key) {
            return .refused(.tooManyLoginAttempts(field: byUsername ? "username" : "email"))
        }
        return try await withTransaction(context) { try $0.requestLoginCode(wanted) }
    }

    /// Mails another code, which replaces the pending one, at most `ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND` times. The
    /// time-out and the failures are not reset.
    public func resendLoginCode(_ context: FlowContext = FlowContext()) async throws -> FlowResult<Void> {
        if case .unknownToken = try await caller(context) { return .gone }
        return try await withTransaction(context) { try $0.resendLoginCode() }
    }
}

extension FlowTransaction {
    func requestLoginCode(_ form: RequestLoginCode) throws -> FlowResult<Authentication> {
        let found = try recipient(form)
        if found == nil, settings.preventEnumeration == .off, form.email != nil {
            return .refused(.unknownEmail())
        }
        let email = found?.address.email ?? form.email ?? ""
        let code: PendingCode
        if let found {
            code = try mailCode(.login, template: .loginCode, user: found.user, email: email)
        } else {
            code = unknowableCode(email: email)
            if !email.isEmpty { try mailUnknownAccount(to: email) }
        }
        return try wait(
            PendingLogin(
                userID: found?.user.id, stage: .loginByCode, methods: [], startedAt: now, email: form.email),
            [.login: code])
    }

    private func recipient(_ form: RequestLoginCode) throws -> AddressOwner? {
        if let email = form.email { return try transaction.owners(of: email).first }
        guard let username = form.username, let user = try transaction.user(username: username),
            user.isActive,
            let address = try transaction.emailAddresses(of: user.id).first(where: transaction.leadsIn)
        else { return nil }
        return AddressOwner(user: user, address: address)
    }

    /// Notifies the owner of an address that it has no account. The mail has the language of the request, since nothing
    /// else is known of its reader.
    func mailUnknownAccount(to email: String) throws {
        guard settings.emailUnknownAccounts else { return }
        try queueMail(.unknownAccount, to: email, values: ["signup_url": settings.links.signUp()])
    }

    func resendLoginCode() throws -> FlowResult<Void> {
        guard let session = try session(), try pendingLogin(at: .loginByCode, in: session) != nil,
            var code = pendingCode(.login, in: session), code.resends < settings.loginByCodeResends
        else { return .conflict }
        if code.mac != nil, let email = code.email, let id = code.userID,
            let user = try transaction.user(id: id), user.isActive
        {
            code = try mailCode(.login, template: .loginCode, user: user, email: email, restarting: code)
        }
        code.resends += 1
        let sent = code
        _ = try remember { $0.pendingCodes[.login] = sent }
        return .success(())
    }
}
