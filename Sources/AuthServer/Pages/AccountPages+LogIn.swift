// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AccountPages {
    /// `login`: the buttons of the providers, and the target of a provider log-in if no front end is configured.
    func addLogIn<Context>(to routes: PageRoutes<Context>) {
        routes.getByQuery("login") { flowContext, query in
            var page = try await logInPage(flowContext)
            if let error = query["error"] {
                page.content = "<p class=\"error\">\(Self.words(for: error))</p>\(page.content)"
            }
            return page
        }
        routes.post("login") { flowContext, _, form in
            let result = try await accounts.signUpWithProvider(
                SocialSignUp(email: form["email"], username: form["username"]), flowContext)
            var page: PlainPage
            switch result {
            case .refused(let refusals):
                page = try await logInPage(flowContext)
                page.content =
                    "\(refusals.map { "<p class=\"error\">\($0.message)</p>" as HTML })\(page.content)"
                page.status = .badRequest
            case .success(let authentication): page = loggedIn(authentication)
            case .unauthenticated(let pending): page = waiting(pending)
            case .closed: page = .message("Sign up", "Sign-up is closed.", status: .forbidden)
            default:
                page = .message(
                    "Please start again", "There is nothing left to be completed here.", status: .conflict)
            }
            return page.holding(result, flowContext)
        }
    }

    private func logInPage(_ flowContext: FlowContext) async throws -> PlainPage {
        switch try await accounts.sessions.current(flowContext) {
        case .success(let authentication): loggedIn(authentication)
        case .unauthenticated(let pending) where !pending.flows.isEmpty: waiting(pending)
        default: buttons()
        }
    }

    private func buttons() -> PlainPage {
        let ways = LoginFlows(accounts: accounts, client: .browser)
        var page = PlainPage.message("Log in", "Log in to \(accounts.settings.siteName) with:")
        page.leadsElsewhere = true
        page.buttons = ways.providers.map { provider in
            PlainPage.Form(
                fields: """
                    <input name="provider" type="hidden" value="\(provider.id)">
                    <input name="process" type="hidden" value="login">
                    <input name="callback_url" type="hidden" value="/accounts/login">

                    """,
                button: provider.name, action: "/_allauth/browser/v1/auth/provider/redirect")
        }
        if page.buttons.isEmpty {
            return .message(
                "Log in", "To log in, please use the application of \(accounts.settings.siteName).")
        }
        return page
    }

    private func loggedIn(_ authentication: Authentication) -> PlainPage {
        let name = authentication.user.username ?? authentication.email
        return .message(
            "You are logged in", name.map { "You are logged in as \($0)." } ?? "You are logged in.")
    }

    private func waiting(_ pending: PendingAuthentication) -> PlainPage {
        if pending.flows.contains(.providerSignup) {
            var page = PlainPage.message("Sign up", "One thing is missing.")
            var fields: HTML = """
                <label for="email">E-mail address</label>
                <input id="email" name="email" type="email" autocomplete="email">

                """
            if accounts.settings.signupFields[.username] != nil {
                fields = """
                    \(fields)<label for="username">Username</label>
                    <input id="username" name="username" autocomplete="username">

                    """
            }
            page.form = PlainPage.Form(fields: fields, button: "Sign up")
            return page
        }
        return .message("Please look at your mail", "A mail tells you how to go on.")
    }

    /// The text on the page after a provider log-in failed.
    private static func words(for error: String) -> String {
        switch error {
        case "cancelled": "You changed your mind."
        case "denied", "permission_denied": "This is not allowed."
        case "signup_closed": "Sign-up is closed."
        case "connected_other": "That account is connected to somebody else."
        default: "This did not work. Please try again."
        }
    }
}
