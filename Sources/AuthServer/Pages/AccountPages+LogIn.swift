// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AccountPages {
    /// `login/`, which is also where a browser comes back to from a provider, `logout/` and `inactive/`.
    func addLogIn<Context>(to routes: PageRoutes<Context>) {
        routes.form("login") { call in
            try await Self.logInPage(call)
        } submit: { call in
            let result = try await call.accounts.logIn(call.logInForm, call.flowContext)
            // The user is logged in already, for example in another tab.
            if case .conflict = result { return call.onward() }
            if case .unauthenticated(let pending) = result, pending.flows.isEmpty {
                // The account is not active.
                return try await Self.logInPage(call, warning: .notAllowed)
            }
            return try await call.page(result) {
                try await Self.logInPage(call, $0)
            } success: { _ in
                call.onward()
            }
        }
        // allauth's page for a user who is not active; here the log-in page has the message.
        routes.get("inactive") { _ in
            .message(
                .accountInactive, .notAllowed, status: .forbidden,
                links: [PageLink(.logIn, "/accounts/login/")])
        }
        routes.form("logout") { call in
            guard try await call.authentication() != nil else { return .redirect(to: "/accounts/login/") }
            return Page(
                title: .logOut, content: "<p>\(.logOutQuestion)</p>\n",
                forms: [PageForm(button: .logOut)], links: [PageLink(.account, "/accounts/")])
        } submit: { call in
            _ = try await call.accounts.logOut(call.flowContext)
            var page = Page.redirect(to: "/accounts/login/", .loggedOut)
            page.session = .ended
            return page
        }
    }

    private static func logInPage(
        _ call: PageCall, _ refusals: [Refusal] = [], warning: PageText? = nil
    ) async throws -> Page {
        switch try await call.accounts.sessions.current(call.flowContext) {
        case .success where warning == nil: return call.onward()
        case .unauthenticated(let pending)
        where call.query["restart"] == nil && refusals.isEmpty && warning == nil:
            if let page = call.pendingPage(pending) { return page }
        default: break
        }
        var page = Page(title: .logIn)
        page.warning = warning ?? call.query["error"].map(PageText.providerError)
        let hasPasswords = !call.settings.social.socialOnly
        if hasPasswords {
            page.forms = [
                PageForm(logInFields(call), button: .logIn, errors: refusals.map(call.nameOfLogInField))
            ]
        }
        page.buttons = call.providerButtons
        page.leadsElsewhere = !page.buttons.isEmpty
        if page.forms.isEmpty && page.buttons.isEmpty { page.content = "<p>\(.noWayToLogIn)</p>\n" }
        if call.settings.loginByCodeEnabled {
            page.links.append(PageLink(.mailCode, call.keepingNext("/accounts/login/code/")))
        }
        if hasPasswords {
            page.links.append(PageLink(.forgotPassword, "/accounts/password/reset/"))
            if call.settings.signupOpen {
                page.links.append(PageLink(.createAccount, call.keepingNext("/accounts/signup/")))
            }
        }
        return page
    }

    private static func logInFields(_ call: PageCall) -> [PageField] {
        var fields = [call.identityField(autocomplete: "username"), PageField.currentPassword()]
        if call.settings.sessionRemember == nil {
            fields.append(
                PageField("remember", .remember, .checkbox, from: call.form, isRequired: false))
        }
        return fields
    }
}

extension PageCall {
    /// The field for the address or the username of an existing account.
    func identityField(autocomplete: String) -> PageField {
        switch (settings.loginMethods.contains(.email), settings.loginMethods.contains(.username)) {
        case (true, true):
            PageField("login", .emailOrUsername, from: form, autocomplete: autocomplete, maxLength: 254)
        case (false, true):
            PageField("username", .username, from: form, autocomplete: autocomplete, maxLength: 150)
        default: .email(from: form, autocomplete: autocomplete)
        }
    }

    /// What the user entered in ``identityField(autocomplete:)``. A username may have no `@` if both are allowed.
    var identity: (email: String?, username: String?) {
        guard let login = form["login"] else { return (form["email"], form["username"]) }
        return login.contains("@") ? (login, nil) : (nil, login)
    }

    fileprivate var logInForm: LogIn {
        let (email, username) = identity
        return LogIn(
            email: email, username: username, password: form["password"].map { Password($0) },
            remember: settings.sessionRemember == nil ? form["remember"] != nil : nil)
    }

    /// The refusal beside the one field that stands for address and username, if both are allowed.
    func nameOfLogInField(_ refusal: Refusal) -> Refusal {
        guard settings.loginMethods.count > 1, refusal.field == "email" || refusal.field == "username"
        else { return refusal }
        var refusal = refusal
        refusal.field = "login"
        return refusal
    }
}
