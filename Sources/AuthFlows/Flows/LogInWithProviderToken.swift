// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

/// A token that an application got from a provider by itself.
public struct ProviderTokenLogIn: Sendable {
    /// ``SocialProvider/id``.
    public var provider: String?
    /// `login` or `connect`; nil if the client sent another value.
    public var process: SocialLoginSnapshot.Process?
    public var token: TokenLogin

    public init(provider: String?, process: SocialLoginSnapshot.Process?, token: TokenLogin) {
        self.provider = provider
        self.process = process
        self.token = token
    }
}

extension Accounts {
    /// Logs in, signs up or connects by a token that an application got from a provider by itself. The provider
    /// verifies the token, the hook is called, and `pre_social_login` reports the hook's answer.
    ///
    /// - Throws: the store's errors. A provider's error is returned as a refusal.
    public func logInWithProviderToken(_ form: ProviderTokenLogIn, _ context: FlowContext = FlowContext())
        async throws
        -> FlowResult<SocialLoginOutcome>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        if let seconds = try await secondsUntilAllowed(.login, context) {
            return .rateLimited(retryAfter: seconds)
        }
        var refusals: [Refusal] = []
        let id = form.provider ?? ""
        if id.isEmpty { refusals.append(.required(field: "provider")) }
        let process = process(form.process, among: [.login, .connect], &refusals)
        let provider = provider(id)
        if !id.isEmpty { refusals += objections(to: form.token, of: provider) }
        guard let provider, let process, refusals.isEmpty else { return .refused(refusals) }
        do {
            let identity = try await provider.identity(for: form.token)
            return try await completeSocialLogin(identity, provider, process, context)
        } catch let error as SocialProviderError {
            return .refused(.tokenLogin(error))
        }
    }

    /// Source: allauth `headless/socialaccount/inputs.py:ProviderTokenInput`.
    private func objections(to token: TokenLogin, of provider: (any SocialProvider)?) -> [Refusal] {
        // The same error as allauth's. It reveals nothing, because the configuration lists all providers.
        guard let provider else { return [.invalidToken()] }
        guard provider.ways.contains(.token) else {
            return [
                Refusal(.tokenAuthenticationNotSupported, field: "provider", .tokenAuthenticationNotSupported)
            ]
        }
        // The provider checks the client id later, because an application may have a client id of its own.
        if provider.clientID != nil, token.clientID == nil {
            return [Refusal(.clientIDRequired, field: "token", .clientIDRequired)]
        }
        let texts = [token.idToken, token.accessToken].compactMap { $0?.exposedText }
        guard texts.contains(where: { !$0.isEmpty }) else {
            return [
                Refusal(.tokenRequired, field: "token", .tokenRequired)
            ]
        }
        return []
    }
}

extension Refusal {
    /// The refusal for a provider's error. The provider's own error text is only logged.
    static func tokenLogin(_ error: SocialProviderError) -> Refusal {
        switch error.code {
        case .unreachable:
            Refusal(.providerUnreachable, field: "provider", .providerUnreachable)
        case .unsupported:
            Refusal(.tokenAuthenticationNotSupported, field: "provider", .tokenAuthenticationNotSupported)
        default: .invalidToken()
        }
    }

    static func invalidToken() -> Refusal { Refusal(.invalidToken, field: "token", .invalidToken) }

    static func connectedOther() -> Refusal {
        Refusal(.connectedOther, .connectedOther)
    }

    static func socialEmailTaken(_ provider: String) -> Refusal {
        Refusal(
            .emailTaken, field: "email",
            .emailTakenElsewhere(provider: provider))
    }
}
