// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `/accounts/password/reset`, where a reset is requested, and `/accounts/password/reset/KEY`, the target of the
    /// mailed link; if codes are mailed, `/accounts/password/reset/code`.
    func addPasswordReset<Context>(to routes: PageRoutes<Context>) {
        let accounts = accounts
        let byCode = accounts.settings.passwordResetByCode
        routes.get("password/reset") { _, _ in .resetRequest() }
        routes.post("password/reset") { flowContext, _, form in
            let result = try await accounts.requestPasswordReset(form["email"], flowContext)
            // The response is the same whether the address has an account or not.
            switch result {
            case .success(.link):
                return .message(
                    "Look into your mail",
                    "If there is an account with that address, a mail with a link is on its way.")
            case .success(.code(let authentication)):
                return .newPassword(byCode: true, action: "reset/code")
                    .holding(.success(authentication), flowContext)
            case .unauthenticated(let pending):
                return .newPassword(byCode: true, action: "reset/code")
                    .holding(.unauthenticated(pending), flowContext)
            case .refused(let refusals): return .resetRequest(refusals)
            case .rateLimited(let seconds): return .tooOften(retryAfter: seconds)
            default: return .resetRequest()
            }
        }
        routes.get("password/reset/:key") { flowContext, key in
            // A reload of the page: the code is pending in the session.
            if byCode { return .newPassword(byCode: true) }
            guard case .success = try await accounts.passwordReset(for: key.exposedText, flowContext) else {
                return .spentLink
            }
            return .newPassword()
        }
        routes.post("password/reset/:key") { flowContext, key, form in
            // A code is pending in the browser's session; a link's key is in the URL.
            let proof = byCode ? form["code"] : key.exposedText
            let wanted = ResetPassword(key: proof, password: form["password"].map { Password($0) })
            let result = try await accounts.resetPassword(wanted, flowContext)
            return .afterReset(result, byCode: byCode).holding(result, flowContext)
        }
    }
}

extension PlainPage {
    /// The page that asks for the address of the account.
    static func resetRequest(_ refusals: [Refusal] = []) -> PlainPage {
        PlainPage(
            status: refusals.isEmpty ? .ok : .badRequest, title: "Reset your password",
            content: "\(errors(refusals))",
            form: Form(
                fields: """
                    <label for="email">Your e-mail address</label>
                    <input id="email" name="email" type="email" autocomplete="email" maxlength="254" required>

                    """, button: "Send me a mail"))
    }

    /// The page that asks for the new password.
    ///
    /// - Parameters:
    ///   - byCode: whether the user must enter a mailed code; otherwise the link's key is in the URL.
    ///   - action: the form's target, relative to the page; nil for the page's own URL.
    static func newPassword(
        _ refusals: [Refusal] = [], byCode: Bool = false, action: String? = nil
    ) -> PlainPage {
        let code: HTML =
            byCode
            ? """
            <p>If there is an account with that address, a mail with a code is on its way.</p>
            <label for="code">The code from the mail</label>
            <input id="code" name="code" autocomplete="one-time-code" maxlength="50" required>

            """ : ""
        return PlainPage(
            status: refusals.isEmpty ? .ok : .badRequest, title: "Set a new password",
            content: "\(errors(refusals))",
            form: Form(
                fields: """
                    \(code)<label for="password">Your new password</label>
                    <input id="password" name="password" type="password" autocomplete="new-password" required>

                    """, button: "Set the password", action: action))
    }

    /// The page with the result of a reset.
    static func afterReset(_ result: FlowResult<Authentication>, byCode: Bool) -> PlainPage {
        let title = "Your password is changed"
        switch result {
        case .success: return .message(title, "You are logged in.")
        case .unauthenticated(let pending) where pending.flows.contains(.verifyEmail):
            return .message(title, "To log in, confirm your address by the mail that is on its way.")
        case .unauthenticated: return .message(title, "You can log in with the new one now.")
        case .refused(let refusals) where !refusals.contains { $0.code == .invalidPasswordReset }:
            return .newPassword(refusals, byCode: byCode)
        case .rateLimited(let seconds): return .tooOften(retryAfter: seconds)
        default: return .spentLink
        }
    }

    private static func errors(_ refusals: [Refusal]) -> [HTML] {
        refusals.map { "<p class=\"error\">\($0.message)</p>\n" }
    }
}
