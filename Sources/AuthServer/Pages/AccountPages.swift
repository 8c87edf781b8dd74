// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Hummingbird
import Logging

/// The server's built-in pages: sign-up, log-in, log-out and the user's own account, under allauth's paths below
/// `/accounts/`, and the targets of links in mails if no front end is configured in `HEADLESS_FRONTEND_URLS_*`. They
/// work without scripts.
///
/// ```swift
/// let router = Router(context: BasicAuthRequestContext.self)
/// router.add(middleware: AuthMiddleware(accounts: accounts, settings: http))
/// AuthRoutes(accounts: accounts, settings: http).addRoutes(to: router)
/// let pages = AccountPages(accounts: accounts, settings: http)
/// pages.addRoutes(to: router)
/// pages.addStartPage(to: router)
/// ```
///
/// ``addStartPage(to:)`` adds `/`. The provider buttons need the routes of ``AuthRoutes``. With
/// ``AuthServerSettings/servesPages`` off, no page is added.
///
/// A link only opens a page, and the page's button performs the action, so that a mail filter that follows links
/// changes nothing. The pages share the browser's session with the API's browser client: confirming an address completes a
/// log-in that is pending in the session (`ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION`), and ends the session if it belongs to
/// another user.
///
/// A button works only in the browser for which the page was rendered: its form has the CSRF token of the session
/// cookie, so that another site can neither log a browser out nor log it in to an account of its choice.
public struct AccountPages: Sendable {
    let accounts: Accounts
    let flowContexts: FlowContextFactory
    let holder: SessionTransport
    let bodyTimeout: Duration
    let files: PageFiles
    let isOn: Bool
    let repeated = RepeatedForms()
    /// The path of `PUBLIC_URL`, under which a proxy serves the pages; without a slash at its end.
    let pathPrefix: String

    public init(accounts: Accounts, settings: AuthServerSettings) {
        self.accounts = accounts
        flowContexts = FlowContextFactory(
            clientAddress: settings.clientAddress, client: .browser, languages: accounts.settings.languages)
        holder = SessionTransport(.browser, accounts, settings)
        bodyTimeout = settings.bodyTimeout
        files = settings.pageFiles
        isOn = settings.servesPages
        var prefix = URLComponents(string: accounts.settings.links.publicURL)?.percentEncodedPath ?? ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        pathPrefix = prefix
    }

    /// Adds the pages under `/accounts/`.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        // The page of another site, for development.
        if accounts.provider(DummyPage.provider) != nil { addDummyProvider(to: router) }
        guard isOn else { return }
        let group = router.group("/accounts")
        files.addRoutes(to: group)
        let pages = PageRoutes(pages: self, group: group)
        addAccount(to: pages)
        addSignUp(to: pages)
        addLogIn(to: pages)
        addLoginCode(to: pages)
        addEmailVerification(to: pages)
        addEmailConfirmation(to: pages)
        addPasswordReset(to: pages)
        addPasswordChange(to: pages)
        addEmailAddresses(to: pages)
        addSessions(to: pages)
        addLanguage(to: pages)
        addProviders(to: pages)
        addReauthentication(to: pages)
    }
}
