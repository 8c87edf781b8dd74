// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// The configured providers of an installation; ``providers(over:clock:)`` creates them with an HTTP client.
///
/// ```swift
/// let settings = SocialProviders(reading: &reader)
/// let client = ProviderClient(settings.limits)
/// let accounts = Accounts(…, providers: settings.providers(over: client))
/// ```
public struct SocialProviders: Sendable {
    /// One provider: its definition, and this service's registration there.
    struct Configured: Sendable {
        var definition: ProviderKind.Definition
        var app: SocialApp

        var id: String {
            switch definition {
            case .openID(let definition): app.id ?? definition.id
            case .oauth2(let definition): app.id ?? definition.id
            }
        }
    }

    /// The limits of a request to a provider: `SOCIALACCOUNT_REQUESTS_TIMEOUT`.
    public var limits = ProviderClient.Limits()
    /// The public URL for the page of the dummy provider; nil if it is off (`SOCIALACCOUNT_DUMMY`).
    public var dummyURL: URL?
    var configured: [Configured] = []

    /// No providers.
    public init() {}

    /// The providers, in the order of the configuration, the dummy last.
    ///
    /// - Parameters:
    ///   - http: the HTTP client; its owner shuts it down after the last log-in.
    ///   - clock: used to check tokens and to refresh documents.
    public func providers(
        over http: any ProviderHTTP, clock: any WallClock = .system
    ) -> [any SocialProvider] {
        let providers: [any SocialProvider] = configured.map { configured in
            switch configured.definition {
            case .openID(let definition):
                OpenIDProvider(definition, app: configured.app, http: http, clock: clock)
            case .oauth2(let definition):
                OAuth2Provider(definition, app: configured.app, http: http, clock: clock)
            }
        }
        return providers + (dummyURL.map { [DummyProvider(publicURL: $0)] } ?? [])
    }

    /// Checks that all providers respond, concurrently: fetches the configuration and the keys of each issuer, and any
    /// response of each other provider.
    ///
    /// - Returns: each provider's id, in the order of the configuration, and its error; nil if it responds.
    package func check(
        over http: any ProviderHTTP
    ) async -> [(id: String, error: SocialProviderError?)] {
        await withTaskGroup(of: (Int, String, SocialProviderError?).self) { group in
            for (index, provider) in providers(over: http).enumerated() {
                group.addTask { (index, provider.id, await Self.fault(of: provider)) }
            }
            let answers = await group.reduce(into: [(Int, String, SocialProviderError?)]()) { $0.append($1) }
            return answers.sorted { $0.0 < $1.0 }.map { (id: $0.1, error: $0.2) }
        }
    }

    private static func fault(of provider: any SocialProvider) async -> SocialProviderError? {
        do throws(SocialProviderError) {
            switch provider {
            case let provider as OpenIDProvider: try await provider.check()
            case let provider as OAuth2Provider: try await provider.check()
            default: break
            }
            return nil
        } catch { return error }
    }
}
