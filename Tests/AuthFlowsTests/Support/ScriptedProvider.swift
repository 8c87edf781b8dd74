// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation

/// A provider that accepts any token: `7 a@x.org* b@x.org` is the account 7 with two addresses, of which
/// `a@x.org` is verified by the provider.
struct ScriptedProvider: SocialProvider {
    var id = "example"
    var name = "Example"
    var clientID: String? = "x"
    var ways = Set(SocialProviderWay.allCases)
    var discoveryURL: URL?
    var policy = SocialProviderPolicy()
    /// The username at the provider.
    var username: String?
    /// The profile; `nil`: the token's text.
    var profile: JSONValue?
    /// The error that every call throws.
    var failure: SocialProviderError?
    /// Makes the token valid for one use.
    var oneTimeToken: OneTimeToken?
    /// Whether a refresh token is issued.
    var refreshes = true
    /// The authorization requests, newest last.
    let requests = Locked<[AuthorizationRequest]>([])
    /// The callbacks of browsers, newest last.
    let callbacks = Locked<[AuthorizationCallback]>([])

    func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL {
        if let failure { throw failure }
        requests.change { $0.append(request) }
        return URL(string: "https://example.com/authorize?state=\(request.state)")!
    }

    func identity(for callback: AuthorizationCallback) async throws(SocialProviderError) -> SocialIdentity {
        callbacks.change { $0.append(callback) }
        if let error = callback.parameters["error"] {
            throw SocialProviderError(error == "access_denied" ? .cancelled : .unknown, "failed")
        }
        return try identity(callback.parameters["code"] ?? "")
    }

    func identity(for token: TokenLogin) async throws(SocialProviderError) -> SocialIdentity {
        guard token.clientID == clientID else { throw SocialProviderError(.invalidToken, "wrong client") }
        return try identity(token.idToken?.exposedText ?? "")
    }

    private func identity(_ text: String) throws(SocialProviderError) -> SocialIdentity {
        if let failure { throw failure }
        let words = text.split(separator: " ").map(String.init)
        guard let uid = words.first else { throw SocialProviderError(.invalidToken, "empty token") }
        return SocialIdentity(
            provider: id, uid: uid,
            emailAddresses: words.dropFirst().map { word in
                SocialEmailAddress(
                    email: word.filter { $0 != "*" }, verified: word.hasSuffix("*"), primary: word == words[1]
                )
            },
            username: username, extraData: profile ?? ["shown": .string(text)],
            token: ProviderToken(
                accessToken: TokenText("access-token-of-\(uid)"), scope: "openid",
                refreshToken: refreshes ? TokenText("refresh-token-of-\(uid)") : nil),
            oneTimeToken: oneTimeToken)
    }
}

extension Client {
    /// Logs in or connects with a token of the provider.
    func social(
        _ shown: String, _ process: SocialLoginSnapshot.Process = .login, provider: String = "example"
    ) async throws -> Happened {
        try await does {
            try await $0.logInWithProviderToken(
                ProviderTokenLogIn(
                    provider: provider, process: process,
                    token: TokenLogin(clientID: "x", idToken: TokenText(shown))), $1)
        }
    }

    /// Completes a sign-up with a provider by its form.
    func completeSignUp(_ email: String?, username: String? = nil) async throws -> Happened {
        try await does {
            try await $0.signUpWithProvider(SocialSignUp(email: email, username: username), $1)
        }
    }

    func disconnect(_ uid: String, provider: String = "example") async throws -> Happened {
        try await does { try await $0.removeSocialAccount(provider: provider, uid: uid, $1) }
    }

    /// Begins a redirect to the provider.
    func visitProvider(
        _ process: SocialLoginSnapshot.Process = .login, callback: String? = "/welcome",
        provider: String = "example"
    ) async throws -> Happened {
        try await does {
            try await $0.redirectToProvider(
                ProviderRedirect(
                    provider: provider, process: process, callbackURL: callback,
                    redirectURI: URL(string: "http://127.0.0.1:8080/accounts/example/login/callback/")!), $1)
        }
    }

    /// Returns from the provider.
    func comeBack(
        _ parameters: [String: String], provider: String = "example"
    ) async throws -> (ProviderReturn, Happened) {
        let back = Locked<ProviderReturn?>(nil)
        let happened = try await does { accounts, context in
            let returned = try await accounts.returnFromProvider(provider, parameters, context)
            back.change { $0 = returned }
            return returned.result
        }
        return (back.value!, happened)
    }
}

extension World {
    /// The user with an address.
    func user(_ email: String) async throws -> User? {
        try await store.read { (reading: any AccountReading) in
            try reading.emailAddresses(matching: email).first.flatMap { try reading.user(id: $0.userID) }
        }
    }

    func socialAccounts(of email: String) async throws -> [SocialAccount] {
        guard let user = try await user(email) else { return [] }
        return try await store.read { (reading: any AccountReading) in
            try reading.socialAccounts(of: user.id)
        }
    }

    /// Hooks with the given `preSocialLogin`.
    static func hook(
        deadline: Duration = .seconds(5), failsOpen: Bool = false,
        _ answer: @escaping @Sendable (SocialLogin, FlowContext) async throws -> PreSocialLoginHook.Answer
    ) -> AccountHooks {
        var hooks = AccountHooks()
        hooks.preSocialLogin = PreSocialLoginHook(deadline: deadline, failsOpen: failsOpen, answer: answer)
        return hooks
    }
}
