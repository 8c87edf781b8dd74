// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension APIResponse {
    /// The headless API's response to a flow's result.
    ///
    /// - Parameter email: the primary address of the user to whom a valid key or code belongs.
    init(_ result: FlowResult, _ ways: LoginFlows, email: String? = nil) {
        switch result {
        case .authenticated(let authentication): self.init(authenticated: authentication)
        case .unauthenticated(let pending): self.init(unauthenticated: pending, ways)
        case .reauthenticationRequired(let authentication):
            self.init(reauthenticationRequiredOf: authentication)
        case .refused(let refusals): self.init(InputRefused(refusals: refusals))
        case .conflict: self.init(.conflict)
        case .closed: self.init(.forbidden)
        case .gone:
            self.init(.gone, data: [:], meta: ["is_authenticated": .null])
            session = .ended
        case .rateLimited(let seconds):
            self.init(.tooManyRequests)
            retryAfter = max(1, Int(saturating: seconds.rounded(.up)))
        case .done: self.init(.ok)
        case .notSent: self.init(.forbidden)
        case .emailAddresses(let addresses): self.init(.ok, data: .array(addresses.map(\.json)))
        case .sessions(let sessions, let current):
            self.init(.ok, data: .array(sessions.map { $0.json(isCurrent: $0.id == current) }))
        case .resettable(let user): self.init(.ok, data: ["user": user.json(email: email)])
        case .confirmable(let info):
            self.init(
                .ok, data: ["email": .string(info.email), "user": info.user.json(email: email)],
                meta: ["is_authenticating": .bool(info.isPendingLogin)])
        case .forbidden: self.init(.forbidden)
        case .redirect(let url, let token):
            // Not an HTTP redirect: an app would follow it and send its session token along.
            self.init(.forbidden, data: ["location": .string(url.absoluteString)], meta: [:])
            if let token { session = .opened(token, expiresAt: nil) }
        case .socialAccounts(let accounts):
            self.init(.ok, data: .array(accounts.map { $0.json(ways.provider($0.provider)) }))
        case .socialSignUp(let proposal):
            self.init(.ok, data: proposal.json(ways.provider(proposal.provider)))
        }
    }

    private init(authenticated authentication: Authentication) {
        self.init(.ok, data: authentication.json, meta: ["is_authenticated": true])
        if let token = authentication.newToken { session = authentication.session.opened(token) }
    }

    private init(unauthenticated pending: PendingAuthentication, _ ways: LoginFlows) {
        self.init(
            .unauthorized, data: ["flows": .array(ways.flows(pending))], meta: ["is_authenticated": false])
        if let token = pending.newToken { session = .opened(token, expiresAt: nil) }
    }

    /// 401 although the user is logged in: the last authentication is too old for this action. Without a usable
    /// password no flow is offered.
    private init(reauthenticationRequiredOf authentication: Authentication) {
        var members = authentication.members
        members["flows"] = authentication.user.passwordHash == nil ? [] : [["id": "reauthenticate"]]
        self.init(.unauthorized, data: .object(members), meta: ["is_authenticated": true])
    }
}

extension Session {
    /// The change that gives this session to a client. Without “remember” the cookie ends with the browser.
    func opened(_ token: SessionToken) -> APIResponse.SessionChange {
        .opened(token, expiresAt: state.remember == false ? nil : expiresAt)
    }
}
