// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AccountPages {
    /// `login/code/`, where a code is requested, and `login/code/confirm/`, where it is entered. The second one is also
    /// a stage of other log-ins (`ACCOUNT_LOGIN_BY_CODE_REQUIRED`).
    func addLoginCode<Context>(to routes: PageRoutes<Context>) {
        if accounts.settings.loginByCodeEnabled { addCodeRequest(to: routes) }
        routes.form("login/code/confirm") { call in
            try await Self.loginCodePage(call)
        } submit: { call in
            let result = try await call.accounts.confirmLoginCode(
                Code(call.form["code"] ?? ""), call.flowContext)
            if case .conflict = result { return try await Self.loginCodePage(call) }
            if case .unauthenticated(let pending) = result, pending.flows.isEmpty {
                return Self.codeExpired(call).holding(result, call.flowContext)
            }
            return try await call.page(result) {
                try await Self.loginCodePage(call, $0)
            } success: { _ in
                call.onward()
            }
        }
        routes.post("login/code/resend") { call in
            .redirect(to: call.keepingNext("/accounts/login/code/confirm/"))
        } _: { call in
            let result = try await call.accounts.resendLoginCode(call.flowContext)
            let page = call.keepingNext("/accounts/login/code/confirm/")
            guard case .success = result else { return .redirect(to: page) }
            return .redirect(to: page, .codeMailed)
        }
    }

    private func addCodeRequest<Context>(to routes: PageRoutes<Context>) {
        routes.form("login/code") { call in
            try await Self.codeRequestPage(call)
        } submit: { call in
            let (email, username) = call.identity
            let result = try await call.accounts.requestLoginCode(
                RequestLoginCode(email: email, username: username), call.flowContext)
            if case .conflict = result { return call.onward() }
            return try await call.page(result) {
                try await Self.codeRequestPage(call, $0)
            } success: { _ in
                call.onward()
            }
        }
    }

    private static func codeRequestPage(
        _ call: PageCall, _ refusals: [Refusal] = []
    ) async throws -> Page {
        if try await call.authentication() != nil { return call.onward() }
        var page = Page(title: .logInByCode, content: "<p>\(.logInByCodeIntroduction)</p>\n")
        page.forms = [
            PageForm(
                [call.identityField(autocomplete: "username")], button: .mailMeCode,
                errors: refusals.map(call.nameOfLogInField))
        ]
        page.links = [PageLink(.logInWithPassword, call.otherLogIn)]
        return page
    }

    private static func loginCodePage(
        _ call: PageCall, _ refusals: [Refusal] = []
    ) async throws -> Page {
        switch try await call.accounts.sessions.current(call.flowContext) {
        case .success: return call.onward()
        case .unauthenticated(let pending) where pending.flows.contains(.loginByCode): break
        default: return codeExpired(call)
        }
        var page = Page(
            title: .enterCode, content: "<p>\(.codeIsMailed)</p>\n<p class=\"muted\">\(.noMail)</p>\n")
        page.forms = [PageForm([.code()], button: .logIn, errors: refusals)]
        if call.settings.loginByCodeResends > 0 {
            page.buttons = [
                PageForm(
                    button: .resendCode, action: call.keepingNext("/accounts/login/code/resend/"),
                    emphasis: .secondary)
            ]
        }
        page.links = [PageLink(.otherLogIn, call.otherLogIn)]
        return page
    }

    private static func codeExpired(_ call: PageCall) -> Page {
        .redirect(to: call.keepingNext("/accounts/login/"), .codeExpired)
    }
}

extension PageCall {
    /// The log-in page, even if another log-in is pending.
    var otherLogIn: String {
        PageLink.path(keepingNext("/accounts/login/"), adding: ["restart": "true"])
    }
}
