// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals

/// The log-in and sign-up flows available to one kind of client.
struct LoginFlows: Sendable {
    let accounts: Accounts
    let client: SignalRequest.Client

    private var settings: AccountSettings { accounts.settings }

    /// The JSON of the provider with that id; a placeholder if it is no longer configured.
    func provider(_ id: String) -> JSONValue { accounts.provider(id)?.json ?? .gone(provider: id) }

    /// `socialaccount` of the API's configuration: the providers available to this kind of client, sorted by name.
    ///
    /// Source: allauth `headless/socialaccount/response.py:get_config_data`.
    var providers: [any SocialProvider] {
        let way: SocialProviderWay = client == .browser ? .redirect : .token
        return accounts.providers.filter { $0.ways.contains(way) }.sorted { $0.name < $1.name }
    }

    /// All available flows and the pending ones: `data.flows` of a 401.
    func flows(_ pending: PendingAuthentication) -> [JSONValue] {
        let waiting = pending.flows
        var flows: [JSONValue] = []
        func add(_ id: String) {
            let isPending = waiting.contains { $0.rawValue == id }
            flows.append(isPending ? ["id": .string(id), "is_pending": true] : ["id": .string(id)])
        }
        let hasPasswords = !settings.social.socialOnly
        if hasPasswords { add("login") }
        if settings.loginByCodeEnabled { add(PendingAuthentication.Flow.loginByCode.rawValue) }
        if settings.signupOpen, hasPasswords { add("signup") }
        if settings.passwordResetByCode, hasPasswords {
            add(PendingAuthentication.Flow.passwordResetByCode.rawValue)
        }
        flows += providerFlows
        let known = Set(flows.compactMap { $0["id"]?.string })
        for flow in waiting where !known.contains(flow.rawValue) {
            if flow == .providerSignup, let provider = pending.provider {
                flows.append([
                    "id": .string(flow.rawValue), "provider": self.provider(provider), "is_pending": true,
                ])
            } else {
                add(flow.rawValue)
            }
        }
        return flows
    }

    private var providerFlows: [JSONValue] {
        func flow(_ way: SocialProviderWay) -> [JSONValue] {
            let ids = providers.filter { $0.ways.contains(way) }.map { JSONValue.string($0.id) }
            return ids.isEmpty ? [] : [["id": .string(way.rawValue), "providers": .array(ids)]]
        }
        return (client == .browser ? flow(.redirect) : []) + flow(.token)
    }
}
