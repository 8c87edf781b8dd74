// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

/// A token that an application got from a provider by itself.
public struct ProviderTokenLogIn: Sendable {
    /// ``SocialProvider/id``.
    public var provider: String?
    /// `login` or `connect`; nil where the client named another.
    public var process: SocialLoginSnapshot.Process?
    public var token: TokenLogin

    public init(provider: String?, process: SocialLoginSnapshot.Process?, token: TokenLogin) {
        self.provider = provider
        self.process = process
        self.token = token
    }
}

extension Accounts {
    /// Logs in, signs up or connects by a token that an application got from a provider by itself: the
    /// provider verifies it, the hook is asked, `pre_social_login` tells what it answered.
    ///
    /// - Throws: the store's errors. What a provider does wrong is a refusal.
    public func logInWithProviderToken(_ form: ProviderTokenLogIn, _ visit: Visit = Visit()) async throws
        -> FlowResult
    {
        if case .unknownToken = try await caller(visit) { return .gone }
        if case .refused(let seconds) = try await limit(.login, visit) {
            return .rateLimited(retryAfter: seconds)
        }
        let provider: any SocialProvider
        let process: SocialLoginSnapshot.Process
        switch read(form) {
        case .failure(let refused): return .refused(refused.all)
        case .success(let read): (provider, process) = read
        }
        do {
            let identity = try await provider.identity(for: form.token)
            return try await completeSocialLogin(identity, provider, process, visit)
        } catch let error as SocialProviderError {
            return .refused(.tokenLogin(error))
        }
    }

    private struct Refused: Error { var all: [Refusal] }

    private func read(
        _ form: ProviderTokenLogIn
    ) -> Result<(any SocialProvider, SocialLoginSnapshot.Process), Refused> {
        var refusals: [Refusal] = []
        let id = form.provider ?? ""
        if id.isEmpty { refusals.append(.required(field: "provider")) }
        let process = form.process.flatMap { [.login, .connect].contains($0) ? $0 : nil }
        if process == nil {
            refusals.append(
                Refusal(.invalidChoice, field: "process", "Select a valid choice: login or connect."))
        }
        let provider = provider(id)
        if !id.isEmpty {
            if let provider {
                refusals += objections(to: form.token, of: provider)
            } else {
                // allauth's answer: which providers there are is in the configuration.
                refusals.append(.invalidToken())
            }
        }
        guard let provider, let process, refusals.isEmpty else { return .failure(Refused(all: refusals)) }
        return .success((provider, process))
    }

    /// Source: allauth `headless/socialaccount/inputs.py:ProviderTokenInput`.
    private func objections(to token: TokenLogin, of provider: any SocialProvider) -> [Refusal] {
        guard provider.ways.contains(.token) else {
            return [
                Refusal(
                    .tokenAuthenticationNotSupported, field: "provider",
                    "Provider does not support token authentication.")
            ]
        }
        // Whether it is one of ours the provider says: an application may have a client of its own.
        if provider.clientID != nil, token.clientID == nil {
            return [Refusal(.clientIDRequired, field: "token", "`client_id` required.")]
        }
        let texts = [token.idToken, token.accessToken].compactMap { $0?.exposedText }
        guard texts.contains(where: { !$0.isEmpty }) else {
            return [
                Refusal(.tokenRequired, field: "token", "`id_token` and/or `access_token` required.")
            ]
        }
        return []
    }
}

extension Refusal {
    /// What a client is told of what went wrong with a provider; the provider's own words go to the log only.
    static func tokenLogin(_ error: SocialProviderError) -> Refusal {
        switch error.code {
        case .unreachable:
            Refusal(
                .providerUnreachable, field: "provider", "The provider cannot be reached. Try again later.")
        case .unsupported:
            Refusal(
                .tokenAuthenticationNotSupported, field: "provider",
                "Provider does not support token authentication.")
        default: .invalidToken()
        }
    }

    static func invalidToken() -> Refusal { Refusal(.invalidToken, field: "token", "Invalid token.") }

    static func connectedOther() -> Refusal {
        Refusal(.connectedOther, "The third-party account is already connected to a different account.")
    }

    static func socialEmailTaken(_ provider: String) -> Refusal {
        Refusal(
            .emailTaken, field: "email",
            "An account already exists with this email address. Please sign in to that account first, then "
                + "connect your \(provider) account.")
    }
}
