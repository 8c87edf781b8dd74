// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

/// The pages' routes; each handler is given a visit with the browser's session.
struct PageRoutes<Context: Hummingbird.RequestContext> {
    let pages: AccountPages
    let group: RouterGroup<Context>

    /// A page that changes nothing.
    ///
    /// - Parameter head: the page whose headers answer HEAD, if that is not the one of GET.
    func get(
        _ path: RouterPath,
        head: (@Sendable (_ visit: Visit, _ key: LinkKey) async throws -> PlainPage)? = nil,
        _ handle: @escaping @Sendable (_ visit: Visit, _ key: LinkKey) async throws -> PlainPage
    ) {
        on(path, .get) { _, visit, key in try await handle(visit, key) }
        let head = head ?? handle
        on(path, .head) { _, visit, key in try await head(visit, key) }
    }

    /// A page that changes nothing, and says something else by its address's query.
    func getByQuery(
        _ path: RouterPath,
        _ handle: @escaping @Sendable (_ visit: Visit, _ query: FormBody) async throws -> PlainPage
    ) {
        for method in [HTTPRequest.Method.get, .head] {
            on(path, method) { request, visit, _ in
                try await handle(visit, try FormBody(ByteBuffer(string: request.uri.query ?? "")))
            }
        }
    }

    /// What a page's button does, in the browser that was shown the page.
    func post(
        _ path: RouterPath,
        _ handle:
            @escaping @Sendable (_ visit: Visit, _ key: LinkKey, _ form: FormBody) async throws -> PlainPage
    ) {
        let (holder, timeout) = (pages.holder, pages.bodyTimeout)
        on(path, .post) { request, visit, key in
            let form = try FormBody(try await request.limitedBody(within: timeout))
            guard holder.isProven(request, by: form[PlainPage.proofField]) else { return .foreignForm }
            return try await handle(visit, key, form)
        }
    }

    private func on(
        _ path: RouterPath, _ method: HTTPRequest.Method,
        _ handle: @escaping @Sendable (Request, Visit, LinkKey) async throws -> PlainPage
    ) {
        let pages = pages
        group.on(path, method: method) { request, context in
            let key = LinkKey(context.parameters.get("key") ?? "")
            let page: PlainPage
            do {
                let token = try await pages.holder.token(of: request)
                page = try await handle(request, pages.visits.visit(of: request, context, token), key)
            } catch {
                page = .failure(try Answer(failure: error, context.logger))
            }
            let response = pages.response(page, to: request)
            return method == .head ? response.createHeadResponse() : response
        }
    }
}

extension AccountPages {
    /// The page as the browser gets it: with what it is to hold from now on, and the proof for the page's
    /// form.
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
    /// A form that was not shown to this browser by this server, or to the session that it held before.
    static let foreignForm = PlainPage.message(
        "Please try once more",
        "Nothing was changed. Allow cookies for this site, go back, load the page anew and try again.",
        status: .forbidden)

    /// The page with what becomes of the browser's session by a flow's result, as ``Answer`` has it.
    func holding(_ result: FlowResult, _ visit: Visit) -> PlainPage {
        var page = self
        switch result {
        case .authenticated(let authentication):
            if let token = authentication.newToken { page.session = authentication.session.opened(token) }
        case .unauthenticated(let pending):
            if let token = pending.newToken {
                page.session = .opened(token, expiresAt: nil)
            } else if visit.token != nil, pending.flows.isEmpty {
                page.session = .ended
            }
        default: break
        }
        return page
    }
}
