// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// The common part of all endpoints of one kind of client: finds the session, refuses forged and malformed requests,
/// and returns every error in the API's format.
struct APIEndpoint: Sendable {
    let accounts: Accounts
    let holder: SessionTransport
    let flowContexts: FlowContextFactory
    let bodyTimeout: Duration

    init(_ kind: ClientKind, _ accounts: Accounts, _ settings: AuthServerSettings) {
        self.accounts = accounts
        holder = SessionTransport(kind, accounts, settings)
        flowContexts = FlowContextFactory(
            clientAddress: settings.clientAddress, client: kind.client, languages: accounts.settings.languages
        )
        bodyTimeout = settings.bodyTimeout
    }

    func respond(
        to request: Request, _ context: some Hummingbird.RequestContext,
        _ handle: (APICall) async throws -> APIResponse
    ) async throws -> Response {
        let answer: APIResponse
        do {
            answer = try await self.answer(request, context, handle)
        } catch {
            answer = try APIResponse(failure: error, context.logger)
        }
        return try holder.response(answer, to: request)
    }

    private func answer(
        _ request: Request, _ context: some Hummingbird.RequestContext,
        _ handle: (APICall) async throws -> APIResponse
    ) async throws -> APIResponse {
        guard holder.isAllowed(request) else { return APIResponse(.forbidden) }
        let body =
            [.get, .head].contains(request.method)
            ? JSONBody() : try JSONBody(try await request.limitedBody(within: bodyTimeout))
        let token = try await holder.token(of: request)
        return try await handle(
            APICall(
                accounts: accounts, flowContext: flowContexts.make(for: request, context, token), body: body,
                headers: request.headers))
    }
}
