// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import Logging

/// The redirect of a browser to a provider, `auth/provider/redirect`, and the callback from it.
///
/// Both respond with a redirect. Errors are added to the query of the front end's callback URL as `error` and
/// `error_process`.
///
/// Source: allauth `headless/socialaccount/views.py:RedirectToProviderView`.
struct ProviderRoutes: Sendable {
    let accounts: Accounts
    let flowContexts: FlowContextFactory
    let holder: SessionTransport
    let bodyTimeout: Duration

    init(accounts: Accounts, settings: AuthServerSettings) {
        self.accounts = accounts
        flowContexts = FlowContextFactory(
            clientAddress: settings.clientAddress, client: .browser, languages: accounts.settings.languages)
        holder = SessionTransport(.browser, accounts, settings)
        bodyTimeout = settings.bodyTimeout
    }

    func addRoutes<Context>(to router: some RouterMethods<Context>) {
        router.post("/_allauth/browser/v1/auth/provider/redirect") { request, context in
            try await answering(request, context) { try await redirect(request, context) }
        }
        // allauth's paths, of its own providers and of its `openid_connect` providers. The router requires the same
        // parameter name after `/accounts`: it is the provider in the first path and a prefix in the second.
        let callbacks: [RouterPath] = [
            "/accounts/:provider/login/callback", "/accounts/:provider/:id/login/callback",
        ]
        for callback in callbacks {
            router.get(callback) { request, context in
                try await answering(request, context) {
                    guard let provider = provider(in: context) else {
                        return try APIResponse(.notFound).response()
                    }
                    return try await comeBack(request, context, provider)
                }
            }
            // A provider's code can be used only once, by GET.
            router.head(callback) { request, _ in sending(to: ownPage("/accounts/login"), .unchanged, request)
            }
            router.post(callback) { request, context in
                try await answering(request, context) {
                    guard let provider = provider(in: context) else {
                        return try APIResponse(.notFound).response()
                    }
                    return try await comeBackByForm(request, provider)
                }
            }
        }
    }

    /// The provider whose callback was called; nil if the prefix does not match the provider.
    private func provider(in context: some Hummingbird.RequestContext) -> String? {
        let prefix = context.parameters.get("provider") ?? ""
        guard let provider = context.parameters.get("id") else { return prefix }
        let configured = accounts.provider(provider)?.policy.callbackPrefix
        return prefix == Self.openIDConnectPrefix || prefix == configured ? provider : nil
    }

    /// The default of allauth's `SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX`.
    private static let openIDConnectPrefix = "oidc"

    // MARK: Redirect to the provider

    private func redirect(
        _ request: Request, _ context: some Hummingbird.RequestContext
    ) async throws -> Response {
        let form = try FormBody(try await request.limitedBody(within: bodyTimeout))
        guard holder.isProven(request, by: form[Page.proofField] ?? request.headers[.csrfToken]) else {
            return try APIResponse(.forbidden).response()
        }
        let provider = form["provider"]
        let process = SocialLoginSnapshot.Process(rawValue: form["process"] ?? "")
        let callback = form["callback_url"]
        let flowContext = flowContexts.make(for: request, context, try await holder.token(of: request))
        guard [.login, .connect].contains(process), let callback,
            let redirectURI = callbackURL(of: provider ?? "")
        else { return failure(.unknown, .login, callback, request) }
        let result = try await accounts.redirectToProvider(
            ProviderRedirect(
                provider: provider, process: process, callbackURL: callback, redirectURI: redirectURI),
            flowContext)
        guard case .success(let redirect) = result else {
            if case .refused(let refusals) = result {
                context.logger.info(
                    "redirect to provider refused",
                    metadata: ["reason": "\(refusals.map(\.code.rawValue).joined(separator: ", "))"])
            }
            return failure(.unknown, process, callback, request)
        }
        return sending(
            to: redirect.url, redirect.newToken.map { .opened($0, expiresAt: nil) } ?? .unchanged, request)
    }

    /// The redirect URI that is sent to the provider.
    private func callbackURL(of provider: String) -> URL? {
        guard let prefix = accounts.provider(provider).map(\.policy.callbackPrefix) else { return nil }
        return ownPage("/accounts/\(prefix.map { "\($0)/" } ?? "")\(provider)/login/callback/")
    }

    // MARK: Callback

    private func comeBack(
        _ request: Request, _ context: some Hummingbird.RequestContext, _ provider: String
    ) async throws -> Response {
        let query = try FormBody(ByteBuffer(string: request.uri.query ?? ""))
        let flowContext = flowContexts.make(for: request, context, try await holder.token(of: request))
        let back = try await accounts.returnFromProvider(provider, query.all, flowContext)
        if let fault = back.fault {
            context.logger.warning(
                "log-in with provider failed",
                metadata: ["provider": "\(provider)", "reason": "\(fault.description)"])
        }
        let call = APICall(
            accounts: accounts, flowContext: flowContext, body: JSONBody(), headers: request.headers)
        let session = try await call.answer(back.result).session
        if case .success(.redirected(let url)) = back.result { return sending(to: url, session, request) }
        if let error = back.error {
            return failure(error, back.process, back.callbackURL?.absoluteString, request, session)
        }
        return sending(to: back.callbackURL ?? ownPage("/accounts/login"), session, request)
    }

    /// A provider's response that its page posts as a form (`response_mode=form_post`, used by Apple). The browser does
    /// not send the session cookie with it, since another site posts the form. So the browser is redirected to the same
    /// callback with the values in the query.
    private func comeBackByForm(_ request: Request, _ provider: String) async throws -> Response {
        let form = try FormBody(try await request.limitedBody(within: bodyTimeout))
        // Never the path of the request: `//accounts/…` would lead to another host.
        guard accounts.provider(provider) != nil else { return try APIResponse(.notFound).response() }
        var url = URLComponents()
        url.path = "/accounts/\(provider)/login/callback/"
        url.queryItems = ["state", "code", "error", "id_token", "user", "iss"].compactMap { name in
            form[name].map { URLQueryItem(name: name, value: $0) }
        }
        url.percentEncodedQuery = url.percentEncodedQuery?.replacing("+", with: "%2B")
        return Response(status: .seeOther, headers: Self.headers(location: url.string ?? url.path))
    }

    // MARK: Responses

    private func failure(
        _ error: Refusal.Code, _ process: SocialLoginSnapshot.Process, _ callback: String?,
        _ request: Request, _ session: APIResponse.SessionChange = .unchanged
    ) -> Response {
        let settings = accounts.settings
        let target = [callback, settings.links.socialLoginError].lazy.compactMap {
            $0.flatMap { settings.redirectTarget($0) }
        }.first
        return sending(
            to: (target ?? ownPage("/accounts/login")).appending(queryItems: [
                URLQueryItem(name: "error", value: error.rawValue),
                URLQueryItem(name: "error_process", value: process.rawValue),
            ]), session, request)
    }

    private func sending(
        to url: URL, _ session: APIResponse.SessionChange, _ request: Request
    ) -> Response {
        var response = Response(status: .found, headers: Self.headers(location: url.absoluteString))
        holder.cookies.apply(session, held: holder.cookies.token(request), request, to: &response)
        return response
    }

    private func ownPage(_ path: String) -> URL {
        URL(string: accounts.settings.links.ownPage(path)) ?? URL(filePath: path)
    }

    private static func headers(location: String) -> HTTPFields {
        // The URL that the browser leaves contains a code.
        [.location: location, .cacheControl: "no-store", .referrerPolicy: "no-referrer"]
    }

    private func answering(
        _ request: Request, _ context: some Hummingbird.RequestContext, _ handle: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await handle()
        } catch {
            return try APIResponse(failure: error, context.logger).response()
        }
    }
}
