// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `password/change/`, and `password/set/` for a user who has no password yet. Each redirects to the other one if
    /// that is the right one.
    func addPasswordChange<Context>(to routes: PageRoutes<Context>) {
        for isFirst in [false, true] {
            let path: RouterPath = isFirst ? "password/set" : "password/change"
            let show: @Sendable (PageCall) async throws -> Page = {
                try await $0.passwordPage(isFirst: isFirst)
            }
            routes.form(path, show: show, once: true) { try await $0.changePassword(isFirst: isFirst) }
        }
    }
}

extension PageCall {
    fileprivate func passwordPage(isFirst: Bool, _ refusals: [Refusal] = []) async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        guard let user = try await authentication()?.user else { return logInFirst() }
        if isFirst == (user.passwordHash != nil) {
            return .redirect(to: keepingNext("/accounts/password/\(isFirst ? "change" : "set")/"))
        }
        let current = PageField.currentPassword("current_password", label: .currentPassword)
        let new = PageField.newPassword(
            "new_password", label: .newPassword, hint: .passwordHint(atLeast: settings.passwordMinLength))
        var page = Page(title: isFirst ? .setPassword : .changePassword)
        page.content = "<p>\(.otherSessionsEnd)</p>\n"
        page.forms = [
            PageForm(
                isFirst ? [new] : [current, new], button: isFirst ? .setPassword : .changePassword,
                errors: refusals)
        ]
        page.links = [PageLink(.account, "/accounts/")]
        return page
    }

    fileprivate func changePassword(isFirst: Bool) async throws -> Page {
        if settings.social.socialOnly { return .withoutPasswords }
        guard try await authentication() != nil else { return logInFirst() }
        let notice: PageNotice = isFirst ? .passwordSet : .passwordChanged
        let result = try await accounts.changePassword(
            ChangePassword(
                current: form["current_password"].map { Password($0) },
                new: form["new_password"].map { Password($0) }), flowContext)
        if case .unauthenticated = result, settings.logoutOnPasswordChange {
            return .redirect(to: "/accounts/login/", notice).holding(result, flowContext)
        }
        return try await page(result) {
            try await passwordPage(isFirst: isFirst, $0)
        } success: { _ in
            onward(notice)
        }
    }
}

extension Page {
    /// The page for everything about passwords if users log in with providers only (`SOCIALACCOUNT_ONLY`).
    static let withoutPasswords = Page.message(
        .noPasswords, .logInWithProviderOnly, status: .notFound, links: [PageLink(.logIn, "/accounts/login/")]
    )
}
