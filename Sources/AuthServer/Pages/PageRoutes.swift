// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird

/// The routes of the pages: finds the browser's session, refuses forged forms, and shows every error as a page.
struct PageRoutes<Context: Hummingbird.RequestContext> {
    typealias Handler = @Sendable (PageCall) async throws -> Page

    let pages: AccountPages
    let group: RouterGroup<Context>

    /// Adds a page that changes nothing.
    ///
    /// - Parameter head: the page whose headers are returned for HEAD, if it differs from the page for GET.
    func get(_ path: RouterPath, head: Handler? = nil, _ show: @escaping Handler) {
        let pages = pages
        on(path, .get) { request in try await show(pages.call(request)) }
        let head = head ?? show
        on(path, .head) { request in try await head(pages.call(request)) }
    }

    /// Adds a page with a form, which is sent to the page itself.
    ///
    /// A form that was sent too late is not a dead end: the page is shown again with the values that it was sent with,
    /// except passwords and codes. The values are kept only if the browser reports that the form was on a page of this
    /// server, so that another site cannot fill in a form for a user who then only has to press the button.
    ///
    /// - Parameters:
    ///   - show: the page, with the values of ``PageCall/form``.
    ///   - once: whether the form is handled once if it is sent twice within seconds; see ``RepeatedForms``.
    ///   - submit: handles the form.
    func form(
        _ path: RouterPath, show: @escaping Handler, once: Bool = false, submit: @escaping Handler
    ) {
        get(path, show)
        post(path, again: show, once: once, submit)
    }

    /// Adds the action of a form, for the browser for which the page was rendered.
    ///
    /// - Parameters:
    ///   - again: the page to show if the form was sent too late.
    ///   - once: as in ``form(_:show:once:submit:)``.
    func post(
        _ path: RouterPath, again: @escaping Handler, once: Bool = false, _ submit: @escaping Handler
    ) {
        let pages = pages
        on(path, .post) { received in
            let form = try FormBody(try await received.request.limitedBody(within: pages.bodyTimeout))
            if pages.holder.isProven(received.request, by: form[Page.proofField]) {
                let call = pages.call(received, form)
                guard once else { return try await submit(call) }
                return try await pages.repeated.page(for: pages.mark(of: call, received.request)) {
                    try await submit(call)
                }
            }
            let isOurs = received.request.headers[.origin].map(pages.holder.origins.trusts) ?? false
            var page = try await again(
                pages.call(received, isOurs ? form : FormBody(), isShownAgain: true))
            if page.location != nil { return page }
            page.status = .forbidden
            page.warning = pages.reasonAgainst(received.request)
            return page
        }
    }

    private func on(
        _ path: RouterPath, _ method: HTTPRequest.Method,
        _ handle: @escaping @Sendable (ReceivedPageRequest) async throws -> Page
    ) {
        let pages = pages
        group.on(path, method: method) { request, context in
            var page: Page
            var language = Language.match(
                acceptLanguage: request.headers[.acceptLanguage], among: pages.flowContexts.languages)
            do {
                let (token, user) = try await pages.holder.holder(of: request)
                let flowContext = pages.flowContexts.make(for: request, context, token)
                if let own = user?.language, pages.flowContexts.languages.contains(own) { language = own }
                let received = ReceivedPageRequest(
                    request: request, flowContext: flowContext,
                    key: LinkKey(context.parameters.get("key") ?? ""),
                    query: try FormBody(ByteBuffer(string: request.uri.query ?? "")))
                page = try await handle(received)
                pages.complete(&page, received)
            } catch {
                page = .failure(try APIResponse(failure: error, context.logger))
            }
            let response = pages.response(page, to: request, in: language)
            return method == .head ? response.createHeadResponse() : response
        }
    }
}

/// A request whose session and query are known, and whose body is not read yet.
struct ReceivedPageRequest: Sendable {
    let request: Request
    let flowContext: FlowContext
    let key: LinkKey
    let query: FormBody
}

extension AccountPages {
    fileprivate func call(
        _ received: ReceivedPageRequest, _ form: FormBody = FormBody(), isShownAgain: Bool = false
    ) -> PageCall {
        PageCall(
            accounts: accounts, flowContext: received.flowContext, path: received.request.uri.path,
            key: received.key, query: received.query, form: form, isShownAgain: isShownAgain)
    }

    /// Why a form was not handled.
    fileprivate func reasonAgainst(_ request: Request) -> PageText {
        if !holder.origins.trusts(request.headers) {
            return .formOfOtherOrigin(accounts.settings.links.publicURL)
        }
        return holder.cookies.token(request) == nil ? .cookiesNeeded : .formExpired
    }

    /// Recognizes a form that the same browser sends again.
    fileprivate func mark(of call: PageCall, _ request: Request) -> Data {
        let fields = call.form.all.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let browser = holder.cookies.token(request)?.exposedText ?? ""
        return accounts.keys.authenticationCode(
            of: [browser, request.uri.string] + fields, for: .repeatedForm)
    }

    /// Adds what depends on the query: the message of the former page, and the origin of `next`.
    fileprivate func complete(_ page: inout Page, _ received: ReceivedPageRequest) {
        if received.request.method != .post, page.notice == nil {
            page.notice = received.query["done"].flatMap(PageNotice.init(rawValue:))
        }
        if let origin = NextPage(received.query["next"], accounts.settings)?.origin {
            page.formOrigins.append(origin)
        }
    }

    /// The response with the page, the browser's cookies, and the CSRF token in the page's forms.
    fileprivate func response(_ page: Page, to request: Request, in language: Language?) -> Response {
        let cookies = holder.cookies
        let held = cookies.token(request)
        let (change, proved) = cookies.resolved(page.session, held: held)
        let renderer = PageRenderer(
            language: language ?? accounts.settings.defaultLanguage, pathPrefix: pathPrefix,
            proof: CSRFToken.text(for: proved, accounts.keys))
        var response = page.response(renderer, siteName: accounts.settings.siteName, files: files)
        cookies.apply(change, held: held, request, to: &response)
        return response
    }
}
