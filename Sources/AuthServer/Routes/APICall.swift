// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// One request to the headless API, read and allowed.
struct APICall: Sendable {
    let accounts: Accounts
    /// Who calls; what every flow takes.
    let visit: Visit
    let body: JSONBody
    let headers: HTTPFields

    var ways: WaysIn { WaysIn(accounts: accounts, client: visit.request.client) }

    /// What the API says of a flow's result.
    func answer(_ result: FlowResult) async throws -> Answer {
        if case .gone = result, visit.request.client == .browser {
            // It ended since the cookie was looked at; only an app is told so.
            return try await answer(.unauthenticated(PendingAuthentication()))
        }
        let subject: User? =
            switch result {
            case .resettable(let user): user
            case .confirmable(let info): info.user
            default: nil
            }
        guard let id = subject?.id else {
            var answer = Answer(result, ways)
            // Nobody is logged in and nothing is pending any more: there is nothing left to be held.
            if case .unauthenticated(let pending) = result, visit.token != nil, pending.newToken == nil,
                pending.flows.isEmpty, try await !isVisitingProvider
            {
                answer.session = .ended
            }
            return answer
        }
        let addresses = try await accounts.store.read { try $0.emailAddresses(of: id) }
        return Answer(result, ways, email: addresses.first { $0.primary }?.email)
    }

    /// Whether the caller's session waits for them to come back from a provider.
    private var isVisitingProvider: Bool {
        get async throws {
            guard let token = visit.token else { return false }
            return try await accounts.store.read { reading in
                try reading.session(tokenHash: token.hash)?.state.providerVisits.isEmpty == false
            }
        }
    }

    /// A key or code that is shown in a header.
    ///
    /// - Throws: ``InputRefused`` where there is none.
    func key(in header: HeaderName) throws(InputRefused) -> String {
        guard let text = headers[header], !text.isEmpty else {
            throw InputRefused(
                refusals: [Refusal(.required, field: "key", "This field is required.")])
        }
        return text
    }
}
