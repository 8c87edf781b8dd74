// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension APIResponse {
    /// The headless API's response to a flow's result.
    ///
    /// - Parameter success: makes the response to the flow's value.
    init<Value>(
        _ result: FlowResult<Value>, _ ways: LoginFlows, success: (Value) async throws -> APIResponse
    ) async rethrows {
        switch result {
        case .success(let value): self = try await success(value)
        case .unauthenticated(let pending): self.init(unauthenticated: pending, ways)
        case .reauthenticationRequired(let authentication):
            self.init(reauthenticationRequiredOf: authentication)
        case .refused(let refusals): self.init(InputRefused(refusals: refusals))
        case .conflict: self.init(.conflict)
        case .closed, .forbidden: self.init(.forbidden)
        case .gone:
            self.init(.gone, data: [:], meta: ["is_authenticated": .null])
            session = .ended
        case .rateLimited(let seconds):
            self.init(.tooManyRequests)
            retryAfter = max(1, Int(saturating: seconds.rounded(.up)))
        }
    }

    /// The response to a caller who is logged in.
    init(authenticated authentication: Authentication) {
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

/// One overload for each value of a flow.
extension APICall {
    func answer(_ result: FlowResult<Authentication>) async throws -> APIResponse {
        try await answer(result) { APIResponse(authenticated: $0) }
    }

    func answer(_ result: FlowResult<Void>) async throws -> APIResponse {
        try await answer(result) { APIResponse(.ok) }
    }

    func answer(_ result: FlowResult<[EmailAddress]>) async throws -> APIResponse {
        try await answer(result) { APIResponse(.ok, data: .array($0.map(\.json))) }
    }

    func answer(_ result: FlowResult<ConfirmationMail>) async throws -> APIResponse {
        try await answer(result) { mail in
            switch mail {
            case .sent: APIResponse(.ok)
            case .notSent: APIResponse(.forbidden)
            }
        }
    }

    func answer(_ result: FlowResult<EmailConfirmationInfo>) async throws -> APIResponse {
        try await answer(result) { info in
            APIResponse(
                .ok, data: ["email": .string(info.email), "user": try await json(of: info.user)],
                meta: ["is_authenticating": .bool(info.isPendingLogin)])
        }
    }

    func answer(_ result: FlowResult<PasswordResetMail>) async throws -> APIResponse {
        try await answer(result) { mail in
            switch mail {
            case .link: APIResponse(.ok)
            case .code(let authentication): APIResponse(authenticated: authentication)
            }
        }
    }

    func answer(_ result: FlowResult<User>) async throws -> APIResponse {
        try await answer(result) { APIResponse(.ok, data: ["user": try await json(of: $0)]) }
    }

    func answer(_ result: FlowResult<SessionList>) async throws -> APIResponse {
        try await answer(result) { list in
            APIResponse(
                .ok, data: .array(list.sessions.map { $0.json(isCurrent: $0.id == list.current) }))
        }
    }

    func answer(_ result: FlowResult<SocialLoginOutcome>) async throws -> APIResponse {
        try await answer(result) { outcome in
            switch outcome {
            case .authenticated(let authentication): APIResponse(authenticated: authentication)
            case .updated: APIResponse(.ok)
            case .redirected(let url):
                // Not an HTTP redirect: an app would follow it and send its session token along.
                APIResponse(.forbidden, data: ["location": .string(url.absoluteString)], meta: [:])
            }
        }
    }

    func answer(_ result: FlowResult<[SocialAccount]>) async throws -> APIResponse {
        try await answer(result) { accounts in
            APIResponse(.ok, data: .array(accounts.map { $0.json(ways.provider($0.provider)) }))
        }
    }

    func answer(_ result: FlowResult<SocialSignUpProposal>) async throws -> APIResponse {
        try await answer(result) { proposal in
            APIResponse(.ok, data: proposal.json(ways.provider(proposal.provider)))
        }
    }

    /// The API's `User` of a user who is not logged in.
    private func json(of user: User) async throws -> JSONValue {
        let addresses = try await accounts.store.read { try $0.emailAddresses(of: user.id) }
        return user.json(email: addresses.first { $0.primary }?.email)
    }
}

extension Session {
    /// The change that gives this session to a client. Without “remember” the cookie ends with the browser.
    func opened(_ token: SessionToken) -> APIResponse.SessionChange {
        .opened(token, expiresAt: state.remember == false ? nil : expiresAt)
    }
}
