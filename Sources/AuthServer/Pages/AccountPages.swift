// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Hummingbird
import Logging

/// The server's built-in pages, the targets of links in mails if no front end is configured in
/// `HEADLESS_FRONTEND_URLS_*`. With them a user can confirm an address and set a new password without a front end.
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

    public init(accounts: Accounts, settings: AuthServerSettings) {
        self.accounts = accounts
        flowContexts = FlowContextFactory(clientAddress: settings.clientAddress, client: .browser)
        holder = SessionTransport(.browser, accounts, settings)
        bodyTimeout = settings.bodyTimeout
    }

    /// Adds the pages under `/accounts/`.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let pages = PageRoutes(pages: self, group: router.group("/accounts"))
        addEmailConfirmation(to: pages)
        addPasswordReset(to: pages)
        addLogIn(to: pages)
        if accounts.provider(DummyPage.provider) != nil { addDummyProvider(to: router) }
        // Mails link to this page, too.
        let name = accounts.settings.siteName
        pages.get("signup") { _, _ in
            .message("Sign up", "To sign up, please use the application of \(name).")
        }
    }
}
