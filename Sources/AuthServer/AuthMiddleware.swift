// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Hummingbird

/// Puts who is calling into the request context: `context.identity`.
///
/// A token in `X-Session-Token` counts first. A browser's session cookie counts too: for a request that can
/// change something only together with its CSRF token and from a trusted origin, so that no other site can
/// speak for the user. A request that shows no valid session goes on without an identity.
public struct AuthMiddleware<Context: AuthRequestContext>: RouterMiddleware {
    private let accounts: Accounts
    private let browser: SessionHolder

    public init(accounts: Accounts, configuration: AuthServerConfiguration) {
        self.accounts = accounts
        browser = SessionHolder(.browser, accounts, configuration)
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let token = token(request) { context.identity = try await identity(token) }
        return try await next(request, context)
    }

    private func identity(_ token: SessionToken) async throws -> Authentication? {
        do {
            return try await accounts.sessions.authenticate(token: token)
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
