// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Hummingbird

/// Authenticates the caller and sets `context.identity`.
///
/// A token in `X-Session-Token` takes precedence over a browser's session cookie. For requests that can change
/// something, the cookie counts only with its CSRF token and from a trusted origin, so that another site cannot act for
/// the user. A request without a valid session continues without an identity.
public struct AuthMiddleware<Context: AuthRequestContext>: RouterMiddleware {
    private let accounts: Accounts
    private let browser: SessionTransport
    private let clientAddress: ClientAddress

    public init(accounts: Accounts, settings: AuthServerSettings) {
        self.accounts = accounts
        browser = SessionTransport(.browser, accounts, settings)
        clientAddress = settings.clientAddress
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let token = token(request) {
            let client: ClientKind = request.sessionToken == nil ? .browser : .app
            let flow = FlowContextFactory(
                clientAddress: clientAddress, client: client.client, languages: accounts.settings.languages
            ).make(for: request, context, token)
            context.identity = try await identity(token, flow.request)
        }
        return try await next(request, context)
    }

    private func identity(
        _ token: SessionToken, _ request: AuthSignals.SignalRequest
    ) async throws -> Authentication? {
        do {
            return try await accounts.sessions.authenticate(token: token, request: request)
        } catch let failure as any TemporaryFailure {
            guard let seconds = failure.secondsUntilRetry else { throw failure }
            throw HTTPError(.serviceUnavailable, headers: [.retryAfter: String(seconds)])
        }
    }

    private func token(_ request: Request) -> SessionToken? {
        if let shown = request.sessionToken { return shown }
        return browser.isAllowed(request) ? browser.cookies.token(request) : nil
    }
}
