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
/// links does nothing. The pages share the browser's session with the API's browser client: a log-in that
/// waits in it is completed (`ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION`), and somebody else's ends (LO7).
///
/// A button works only in the browser that was shown it: its form carries the CSRF token of the session's
/// cookie, so that another site can neither log a browser out nor in to an account of its own choice.
public struct AccountPages: Sendable {
    let accounts: Accounts
    let visits: Visits
    let holder: SessionHolder
    let bodyTimeout: Duration

    public init(accounts: Accounts, configuration: AuthServerConfiguration) {
        self.accounts = accounts
        visits = Visits(clientAddress: configuration.clientAddress, client: .browser)
        holder = SessionHolder(.browser, accounts, configuration)
        bodyTimeout = configuration.bodyTimeout
    }

    /// Adds the pages under `/accounts/`.
    public func addRoutes<Context>(to router: some RouterMethods<Context>) {
        let pages = PageRoutes(pages: self, group: router.group("/accounts"))
        addEmailConfirmation(to: pages)
        addPasswordReset(to: pages)
        addLogIn(to: pages)
        if accounts.provider(DummyPage.provider) != nil { addDummyProvider(to: router) }
        // Mails name it beside the others.
        let name = accounts.settings.siteName
        pages.get("signup") { _, _ in
            .message("Sign up", "To sign up, please use the application of \(name).")
        }
    }
}
