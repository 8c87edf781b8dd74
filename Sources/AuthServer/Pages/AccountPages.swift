// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Hummingbird
import Logging

/// Plain pages of the server's own, where the links of mails lead while no front end is named in
/// `HEADLESS_FRONTEND_URLS_*`: with them a person can confirm an address and set a new password with nothing
/// but a browser.
///
/// A link only opens a page; what it is for is done by the page's button, so that a mail filter that follows
/// links does nothing. The key in the address is the capability: no session and no cookie is asked for.
public struct AccountPages: Sendable {
    let accounts: Accounts
    let visits: Visits
    let cookies: BrowserCookies

    public init(accounts: Accounts, configuration: AuthServerConfiguration) {
        self.accounts = accounts
        visits = Visits(clientAddress: configuration.clientAddress, client: .browser)
        cookies = SessionHolder(.browser, accounts, configuration).cookies
    }

    /// Adds the pages under `/accounts/`.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let pages = PageRoutes(pages: self, group: router.group("/accounts"))
        addEmailConfirmation(to: pages)
        addPasswordReset(to: pages)
        // Mails name it beside the others.
        let name = accounts.settings.siteName
        pages.get("signup") { _, _ in
            .message("Sign up", "To sign up, please use the application of \(name).")
        }
    }
}

/// The pages' routes; each handler is given a visit without a session.
struct PageRoutes<Context: Hummingbird.RequestContext> {
    let pages: AccountPages
    let group: RouterGroup<Context>

    /// A page that changes nothing.
    func get(
        _ path: RouterPath,
        _ handle: @escaping @Sendable (_ visit: Visit, _ key: LinkKey) async throws -> PlainPage
    ) {
        on(path, .get) { request, visit, key in try await handle(visit, key) }
    }

    /// What a page's button does.
    func post(
        _ path: RouterPath,
        _ handle:
            @escaping @Sendable (_ visit: Visit, _ key: LinkKey, _ form: FormBody) async throws -> PlainPage
    ) {
        on(path, .post) { request, visit, key in
            try await handle(visit, key, FormBody(try await request.limitedBody()))
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
                page = try await handle(request, pages.visits.visit(of: request, context, nil), key)
            } catch let refused as InputRefused {
                page = .message(
                    "This cannot be read", "Please go back and try again.", status: refused.status)
            } catch let failure as any TemporaryFailure where failure.secondsUntilRetry != nil {
                page = .unavailable(retryAfter: failure.secondsUntilRetry)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                context.logger.error("A page failed", metadata: ["error": "\(type(of: error))"])
                page = .message(
                    "Something went wrong", "Nothing was changed. Please try again later.",
                    status: .internalServerError)
            }
            var response = page.response(siteName: pages.accounts.settings.siteName)
            if case .opened = page.session {
                pages.cookies.apply(page.session, held: nil, request, to: &response)
            }
            return response
        }
    }
}
