// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// One authorized request to the headless API, with its parsed body.
struct APICall: Sendable {
    let accounts: Accounts
    /// The caller and the request, the argument of every flow.
    let flowContext: FlowContext
    let body: JSONBody
    let headers: HTTPFields

    var ways: LoginFlows { LoginFlows(accounts: accounts, client: flowContext.request.client) }

    /// The API's response to a flow's result.
    ///
    /// - Parameter success: makes the response to the flow's value.
    func answer<Value>(
        _ result: FlowResult<Value>, success: (Value) async throws -> APIResponse
    ) async throws -> APIResponse {
        var result = result
        if case .gone = result, flowContext.request.client == .browser {
            // The session ended after the cookie was read; only apps get 410.
            result = .unauthenticated(PendingAuthentication())
        }
        var answer = try await APIResponse(result, ways, success: success)
        // Not logged in and nothing is pending: the client's token is no longer needed.
        if case .unauthenticated(let pending) = result, flowContext.token != nil, pending.newToken == nil,
            pending.flows.isEmpty, try await !isVisitingProvider
        {
            answer.session = .ended
        }
        return answer
    }

    /// Whether a redirect to a provider is pending in the caller's session.
    private var isVisitingProvider: Bool {
        get async throws {
            guard let token = flowContext.token else { return false }
            return try await accounts.store.read { reading in
                try reading.session(tokenHash: token.hash)?.state.providerVisits.isEmpty == false
            }
        }
    }

    /// A key or code from a header.
    ///
    /// - Throws: ``InputRefused`` if the header is missing or empty.
    func key(in header: HeaderName) throws(InputRefused) -> String {
        guard let text = headers[header], !text.isEmpty else {
            throw InputRefused(
                refusals: [Refusal(.required, field: "key", .required)])
        }
        return text
    }
}
