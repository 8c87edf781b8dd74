// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AccountPages {
    /// `signup/`.
    func addSignUp<Context>(to routes: PageRoutes<Context>) {
        let show: @Sendable (PageCall) async throws -> Page = { try await Self.signUpPage($0) }
        routes.form("signup", show: show, once: true) { call in
            let form = SignUp(
                email: call.form["email"], username: call.form["username"],
                password: call.form["password"].map { Password($0) },
                passwordAgain: call.form["password2"].map { Password($0) },
                honeypot: call.settings.signupHoneypotField.flatMap { call.form[$0] })
            let result = try await call.accounts.signUp(form, call.flowContext)
            // The user is logged in already, for example in another tab.
            if case .conflict = result { return call.onward() }
            return try await call.page(result) {
                try await Self.signUpPage(call, $0)
            } success: { _ in
                let isMailed =
                    call.settings.emailVerification == .optional && call.form["email"]?.isEmpty == false
                return call.onward(isMailed ? .signedUpMailed : .signedUp)
            }
        }
    }

    private static func signUpPage(_ call: PageCall, _ refusals: [Refusal] = []) async throws -> Page {
        switch try await call.accounts.sessions.current(call.flowContext) {
        case .success: return call.onward()
        case .unauthenticated(let pending) where call.isShownAgain:
            // The form was sent twice, and the first one has made an account that waits for its mail.
            if let page = call.pendingPage(pending) { return page }
        default: break
        }
        if call.settings.social.socialOnly { return .redirect(to: call.keepingNext("/accounts/login/")) }
        guard call.settings.signupOpen else {
            return .message(
                .signUp, .signUpClosed, status: .forbidden,
                links: [PageLink(.haveAccount, call.keepingNext("/accounts/login/"))])
        }
        var page = Page(title: .signUp)
        page.forms = [PageForm(signUpFields(call), button: .signUp, errors: refusals)]
        page.buttons = call.providerButtons
        page.leadsElsewhere = !page.buttons.isEmpty
        page.links = [PageLink(.haveAccount, call.keepingNext("/accounts/login/"))]
        return page
    }

    /// The fields of `ACCOUNT_SIGNUP_FIELDS`.
    private static func signUpFields(_ call: PageCall) -> [PageField] {
        let settings = call.settings
        var fields: [PageField] = []
        if let isRequired = settings.signupFields[.email] {
            fields.append(.email(from: call.form, isRequired: isRequired))
        }
        if let isRequired = settings.signupFields[.username] {
            fields.append(
                PageField(
                    "username", .username, from: call.form, autocomplete: "username",
                    isRequired: isRequired, maxLength: 150))
        }
        if let isRequired = settings.signupFields[.password1] {
            fields.append(
                .newPassword(
                    hint: .passwordHint(atLeast: settings.passwordMinLength), isRequired: isRequired))
        }
        if let isRequired = settings.signupFields[.password2] {
            fields.append(
                .newPassword("password2", label: .passwordAgain, isRequired: isRequired))
        }
        if let name = settings.signupHoneypotField {
            fields.append(PageField(name, .honeypot, .honeypot, isRequired: false))
        }
        return fields
    }
}

extension PageCall {
    /// A button for each provider that a browser can log in with. It leads back to the log-in page, which knows what
    /// comes next.
    var providerButtons: [PageForm] {
        ways.providers.map {
            .provider($0, process: "login", callback: keepingNext("/accounts/login/"))
        }
    }
}
