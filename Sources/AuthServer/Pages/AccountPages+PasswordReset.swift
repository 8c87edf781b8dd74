// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `password/reset/`, where a reset is requested; `password/reset/KEY`, the target of the mailed link; and
    /// `password/reset/code/` for a mailed code. allauth's `key/KEY/` and `confirm/` lead to the same pages.
    func addPasswordReset<Context>(to routes: PageRoutes<Context>) {
        routes.form("password/reset") { call in
            call.resetRequestPage()
        } submit: { call in
            try await call.requestReset()
        }
        routes.get("password/reset/done") { _ in
            .message(
                .lookIntoMail, .linkOnItsWay, links: [PageLink(.mailAgain, "/accounts/password/reset/")])
        }
        routes.form("password/reset/code") { call in
            try await call.resetByCodePage()
        } submit: { call in
            try await call.resetByCode()
        }
        routes.get("password/reset/confirm") { _ in .redirect(to: "/accounts/password/reset/code/") }
        // The target of allauth's redirect after a reset; here the page after a reset has the message.
        routes.get("password/reset/key/done") { call in
            try await call.authentication() == nil
                ? .redirect(to: "/accounts/login/", .passwordReset)
                : .redirect(to: "/accounts/", .passwordReset)
        }
        for path in ["password/reset/:key", "password/reset/key/:key"] as [RouterPath] {
            let show: @Sendable (PageCall) async throws -> Page = { try await $0.resetByLinkPage() }
            routes.form(path, show: show, once: true) { try await $0.resetByLink() }
        }
    }
}

extension PageCall {
    // MARK: The request

    fileprivate func resetRequestPage(_ refusals: [Refusal] = []) -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        return Page(
            title: .resetPassword, content: "<p>\(.resetIntroduction)</p>\n",
            forms: [PageForm([.email(from: form)], button: .sendMail, errors: refusals)],
            links: [PageLink(.logIn, "/accounts/login/")])
    }

    fileprivate func requestReset() async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        let result = try await accounts.requestPasswordReset(form["email"], flowContext)
        // The response is the same whether the address has an account or not.
        switch result {
        case .success(.code(let authentication)):
            return .resetByCode.holding(.success(authentication), flowContext)
        case .unauthenticated: return .resetByCode.holding(result, flowContext)
        default:
            return try await page(result) { refusals in
                resetRequestPage(refusals)
            } success: { _ in
                .redirect(to: "/accounts/password/reset/done/")
            }
        }
    }

    // MARK: By a link

    fileprivate func resetByLinkPage(_ refusals: [Refusal] = []) async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        if settings.passwordResetByCode { return .resetByCode }
        guard case .success = try await accounts.passwordReset(for: key.exposedText, flowContext) else {
            return .spentResetLink
        }
        return Page(
            title: .setNewPassword,
            forms: [PageForm([newPasswordField], button: .setThePassword, errors: refusals)])
    }

    fileprivate func resetByLink() async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        if settings.passwordResetByCode { return .resetByCode }
        return try await reset(by: key.exposedText) { try await resetByLinkPage($0) }
    }

    // MARK: By a code

    fileprivate func resetByCodePage(_ refusals: [Refusal] = []) async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        let again = Page.redirect(to: "/accounts/password/reset/")
        guard settings.passwordResetByCode else { return again }
        if case .unauthenticated(let pending) = try await accounts.sessions.current(flowContext),
            !pending.flows.contains(.passwordResetByCode)
        {
            // The last attempt was wrong, or the code has expired.
            return refusals.isEmpty ? again : .redirect(to: "/accounts/password/reset/", .codeExpired)
        }
        // The flow names a key and a code alike.
        let errors = refusals.map { refusal in
            var refusal = refusal
            if refusal.field == "key" { refusal.field = "code" }
            return refusal
        }
        return Page(
            title: .setNewPassword, content: "<p>\(.codeIsMailed)</p>\n",
            forms: [PageForm([.code(), newPasswordField], button: .setThePassword, errors: errors)],
            links: [PageLink(.mailAgain, "/accounts/password/reset/")])
    }

    fileprivate func resetByCode() async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        guard settings.passwordResetByCode else { return .redirect(to: "/accounts/password/reset/") }
        return try await reset(by: form["code"]) { try await resetByCodePage($0) }
    }

    // MARK: The new password

    private var newPasswordField: PageField {
        .newPassword(label: .newPassword, hint: .passwordHint(atLeast: settings.passwordMinLength))
    }

    /// Resets the password with the proof from the mail.
    private func reset(by proof: String?, again: ([Refusal]) async throws -> Page) async throws -> Page {
        let wanted = ResetPassword(key: proof, password: form["password"].map { Password($0) })
        let result = try await accounts.resetPassword(wanted, flowContext)
        switch result {
        case .unauthenticated(let pending):
            let page = pendingPage(pending) ?? .redirect(to: "/accounts/login/", .passwordReset)
            return page.holding(result, flowContext)
        case .conflict: return .redirect(to: "/accounts/password/reset/", .codeExpired)
        case .refused(let refusals) where refusals.contains { $0.code == .invalidPasswordReset }:
            return .spentResetLink
        default:
            return try await page(result, again: again) { _ in .redirect(to: "/accounts/", .passwordReset) }
        }
    }
}

extension Page {
    fileprivate static let resetByCode = Page.redirect(to: "/accounts/password/reset/code/")

    /// The page for a link that is invalid, used or expired.
    fileprivate static let spentResetLink = Page.message(
        .linkInvalid, .linkSpent, status: .notFound,
        links: [PageLink(.mailAgain, "/accounts/password/reset/")])
}
