// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `/accounts/password/reset`, where a reset is asked for, and `/accounts/password/reset/KEY`, where the
    /// mailed link leads; where codes are mailed, `/accounts/password/reset/code`.
    func addPasswordReset<Context>(to routes: PageRoutes<Context>) {
        let accounts = accounts
        routes.get("password/reset") { _, _ in .resetRequest() }
        routes.post("password/reset") { visit, _, form in
            let result = try await accounts.requestPasswordReset(form["email"], visit)
            // The answer is the same whether the address has an account or not.
            switch result {
            case .done:
                return .message(
                    "Look into your mail",
                    "If there is an account with that address, a mail with a link is on its way.")
            case .unauthenticated(let pending):
                guard let token = pending.newToken else { return .resetRequest() }
                return .newPassword(code: token, action: "reset/code")
            case .refused(let refusals): return .resetRequest(refusals)
            case .rateLimited(let seconds): return .tooOften(retryAfter: seconds)
            default: return .resetRequest()
            }
        }
        routes.get("password/reset/:key") { visit, key in
            guard case .resettable = try await accounts.passwordReset(for: key.exposedText, visit) else {
                return .spentLink
            }
            return .newPassword()
        }
        routes.post("password/reset/:key") { visit, key, form in
            let wanted = ResetPassword(key: key.exposedText, password: form["password"].map { Password($0) })
            return .afterReset(try await accounts.resetPassword(wanted, visit), code: nil)
        }
        routes.post("password/reset/code") { visit, _, form in
            // The session that the code waits in travels in the form: no cookie is asked for.
            let token = SessionToken(form["session"] ?? "")
            let wanted = ResetPassword(key: form["code"], password: form["password"].map { Password($0) })
            let visit = Visit(token: token, request: visit.request)
            let result = try await accounts.resetPassword(wanted, visit)
            return .afterReset(result, code: token)
        }
    }
}

extension PlainPage {
    /// Asks for the address of the account.
    static func resetRequest(_ refusals: [Refusal] = []) -> PlainPage {
        PlainPage(
            status: refusals.isEmpty ? .ok : .badRequest, title: "Reset your password",
            content: """
                \(errors(refusals))<form method="post">
                <label for="email">Your e-mail address</label>
                <input id="email" name="email" type="email" autocomplete="email" maxlength="254" required>
                <button type="submit">Send me a mail</button>
                </form>
                """)
    }

    /// Asks for the new password.
    ///
    /// - Parameters:
    ///   - code: the session that a mailed code waits in; nil where the link's key is in the address.
    ///   - action: where the form is sent to, relative to the page; nil: to the page's own address.
    static func newPassword(
        _ refusals: [Refusal] = [], code: SessionToken? = nil, action: String? = nil
    ) -> PlainPage {
        let codeFields: HTML =
            code.map { token in
                """
                <p>If there is an account with that address, a mail with a code is on its way.</p>
                <input name="session" type="hidden" value="\(token.exposedText)">
                <label for="code">The code from the mail</label>
                <input id="code" name="code" autocomplete="one-time-code" maxlength="50" required>
                """
            } ?? ""
        let leadingTo: HTML = action.map { " action=\"\($0)\"" } ?? ""
        return PlainPage(
            status: refusals.isEmpty ? .ok : .badRequest, title: "Set a new password",
            content: """
                \(errors(refusals))<form method="post"\(leadingTo)>
                \(codeFields)
                <label for="password">Your new password</label>
                <input id="password" name="password" type="password" autocomplete="new-password" required>
                <button type="submit">Set the password</button>
                </form>
                """)
    }

    /// What became of a reset.
    static func afterReset(_ result: FlowResult, code: SessionToken?) -> PlainPage {
        switch result {
        case .unauthenticated:
            return .message("Your password is changed", "You can log in with the new one now.")
        case .authenticated(let authentication):
            var page = PlainPage.message("Your password is changed", "You are logged in.")
            if let token = authentication.newToken {
                page.session = .opened(token, expiresAt: authentication.session.expiresAt)
            }
            return page
        case .refused(let refusals) where !refusals.contains { $0.code == .invalidPasswordReset }:
            return .newPassword(refusals, code: code)
        case .rateLimited(let seconds): return .tooOften(retryAfter: seconds)
        default: return .spentLink
        }
    }

    private static func errors(_ refusals: [Refusal]) -> [HTML] {
        refusals.map { "<p class=\"error\">\($0.message)</p>\n" }
    }
}
