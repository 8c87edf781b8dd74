// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

/// The routes of the pages; each handler receives a `FlowContext` with the browser's session.
struct PageRoutes<Context: Hummingbird.RequestContext> {
    let pages: AccountPages
    let group: RouterGroup<Context>

    /// Adds a page that changes nothing.
    ///
    /// - Parameter head: the page whose headers are returned for HEAD, if it differs from the page for GET.
    func get(
        _ path: RouterPath,
        head: (@Sendable (_ flowContext: FlowContext, _ key: LinkKey) async throws -> PlainPage)? = nil,
        _ handle: @escaping @Sendable (_ flowContext: FlowContext, _ key: LinkKey) async throws -> PlainPage
    ) {
        on(path, .get) { _, flowContext, key in try await handle(flowContext, key) }
        let head = head ?? handle
        on(path, .head) { _, flowContext, key in try await head(flowContext, key) }
    }

    /// Adds a page that changes nothing and depends on the query.
    func getByQuery(
        _ path: RouterPath,
        _ handle:
            @escaping @Sendable (_ flowContext: FlowContext, _ query: FormBody) async throws -> PlainPage
    ) {
        for method in [HTTPRequest.Method.get, .head] {
            on(path, method) { request, flowContext, _ in
                try await handle(flowContext, try FormBody(ByteBuffer(string: request.uri.query ?? "")))
            }
        }
    }

    /// Adds the action of a page's button, for the browser for which the page was rendered.
    func post(
        _ path: RouterPath,
        _ handle:
            @escaping @Sendable (_ flowContext: FlowContext, _ key: LinkKey, _ form: FormBody) async throws ->
            PlainPage
    ) {
        let (holder, timeout) = (pages.holder, pages.bodyTimeout)
        on(path, .post) { request, flowContext, key in
            let form = try FormBody(try await request.limitedBody(within: timeout))
            guard holder.isProven(request, by: form[PlainPage.proofField]) else { return .foreignForm }
            return try await handle(flowContext, key, form)
        }
    }

    private func on(
        _ path: RouterPath, _ method: HTTPRequest.Method,
        _ handle: @escaping @Sendable (Request, FlowContext, LinkKey) async throws -> PlainPage
    ) {
        let pages = pages
        group.on(path, method: method) { request, context in
            let key = LinkKey(context.parameters.get("key") ?? "")
            let page: PlainPage
            do {
                let token = try await pages.holder.token(of: request)
                page = try await handle(request, pages.flowContexts.make(for: request, context, token), key)
            } catch {
                page = .failure(try APIResponse(failure: error, context.logger))
            }
            let response = pages.response(page, to: request)
            return method == .head ? response.createHeadResponse() : response
        }
    }
}

extension AccountPages {
    /// The response with the page, the browser's cookies, and the CSRF token in the page's form.
    fileprivate func response(_ page: PlainPage, to request: Request) -> Response {
        let cookies = holder.cookies
        let held = cookies.token(request)
        let (change, proved) = cookies.resolved(page.session, held: held)
        var response = page.response(
            siteName: accounts.settings.siteName, proof: CSRFToken.text(for: proved, accounts.keys))
        cookies.apply(change, held: held, request, to: &response)
        return response
    }
}

extension PlainPage {
    /// The page for a form that this server has not rendered for this browser and session.
    static let foreignForm = PlainPage.message(
        "Please try once more",
        "Nothing was changed. Allow cookies for this site, go back, load the page anew and try again.",
        status: .forbidden)

    /// The page with the session change of a flow's result, as in ``APIResponse``.
    func holding(_ result: FlowResult<Authentication>, _ flowContext: FlowContext) -> PlainPage {
        var page = self
        switch result {
        case .success(let authentication):
            if let token = authentication.newToken { page.session = authentication.session.opened(token) }
        case .unauthenticated(let pending):
            if let token = pending.newToken {
                page.session = .opened(token, expiresAt: nil)
            } else if flowContext.token != nil, pending.flows.isEmpty {
                page.session = .ended
            }
        default: break
        }
        return page
    }
}
