// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension AccountPages {
    /// `confirm-email/`: where a log-in waits until the user has confirmed an address, by the link of a mail or by
    /// entering its code. A user who is logged in enters the code for an added address here, too.
    func addEmailVerification<Context>(to routes: PageRoutes<Context>) {
        routes.form("confirm-email") { call in
            try await Self.verificationPage(call)
        } submit: { call in
            let wasLoggedIn = try await call.authentication() != nil
            guard call.settings.emailVerificationByCode else {
                return try await Self.verificationPage(call)
            }
            let result = try await call.accounts.confirmEmail(
                Code(call.form["key"] ?? ""), call.flowContext)
            if case .conflict = result { return try await Self.verificationPage(call) }
            return try await call.page(result) {
                try await Self.verificationPage(call, $0)
            } success: { _ in
                wasLoggedIn && call.next == nil
                    ? .redirect(to: "/accounts/email/", .emailConfirmed) : call.onward(.emailConfirmed)
            }
        }
        let page = "/accounts/confirm-email/"
        routes.post("confirm-email/code/resend") { call in
            .redirect(to: call.keepingNext(page))
        } _: { call in
            let result = try await call.accounts.resendVerification(call.flowContext)
            if case .rateLimited(let seconds) = result { return .tooOften(retryAfter: seconds) }
            guard case .success = result else { return .redirect(to: call.keepingNext(page)) }
            return .redirect(to: call.keepingNext(page), .codeMailed)
        }
        routes.form("confirm-email/code/change") { call in
            try await Self.addressChangePage(call)
        } submit: { call in
            // Otherwise the address would be added to the account that is logged in.
            guard try await call.authentication() == nil else { return call.onward() }
            let result = try await call.accounts.addEmail(call.form["email"], call.flowContext)
            if case .conflict = result { return .redirect(to: call.keepingNext(page)) }
            return try await call.page(result) {
                try await Self.addressChangePage(call, $0)
            } success: { _ in
                .redirect(to: call.keepingNext(page), .codeMailed)
            }
        }
    }

    private static func verificationPage(
        _ call: PageCall, _ refusals: [Refusal] = []
    ) async throws -> Page {
        let settings = call.settings
        let pending = try await call.pendingVerification()
        guard let pending else {
            return try await call.authentication() == nil
                ? .redirect(to: call.keepingNext("/accounts/login/"), refusals.isEmpty ? nil : .codeExpired)
                : call.onward()
        }
        let email = pending.email.map(PageText.verbatim) ?? .yourAddress
        guard settings.emailVerificationByCode else {
            return Page(
                title: .verifyEmail,
                content: """
                    <p>\(.linkIsMailed)</p>
                    <p><strong>\(email)</strong></p>
                    <p class="muted">\(.noMail)</p>

                    """,
                links: [PageLink(.otherLogIn, call.otherLogIn)])
        }
        var page = Page(
            title: .verifyEmail,
            content: """
                <p>\(.verificationCodeIsMailed)</p>
                <p><strong>\(email)</strong></p>
                <p class="muted">\(.noMail)</p>

                """)
        page.forms = [PageForm([.code("key")], button: .confirm, errors: refusals)]
        if settings.emailVerificationResends > 0 {
            page.buttons = [
                PageForm(
                    button: .resendCode, action: call.keepingNext("/accounts/confirm-email/code/resend/"),
                    emphasis: .secondary)
            ]
        }
        if pending.isLogin, settings.emailVerificationChanges > 0 {
            page.links.append(
                PageLink(.changeAddress, call.keepingNext("/accounts/confirm-email/code/change/")))
        }
        page.links.append(
            pending.isLogin
                ? PageLink(.otherLogIn, call.otherLogIn) : PageLink(.account, "/accounts/"))
        return page
    }

    private static func addressChangePage(
        _ call: PageCall, _ refusals: [Refusal] = []
    ) async throws -> Page {
        let back = call.keepingNext("/accounts/confirm-email/")
        guard call.settings.emailVerificationByCode, call.settings.emailVerificationChanges > 0,
            try await call.pendingVerification()?.isLogin == true
        else { return .redirect(to: back) }
        return Page(
            title: .changeAddress,
            forms: [
                PageForm(
                    [.email(label: .newAddress, from: call.form)], button: .mailMeCode, errors: refusals)
            ], links: [PageLink(.goBackLink, back)])
    }
}

extension PageCall {
    /// The verification that the caller's session waits for.
    fileprivate struct PendingVerification {
        /// As the user typed it; nil if it is not known to them yet.
        var email: String?
        /// Whether a log-in waits for it.
        var isLogin: Bool
    }

    /// Nil if the session waits for none.
    fileprivate func pendingVerification() async throws -> PendingVerification? {
        switch try await accounts.sessions.current(flowContext) {
        case .success(let authentication):
            guard settings.emailVerificationByCode,
                let code = authentication.session.state.pendingCodes[.verifyEmail],
                code.startedAt + settings.emailVerificationTimeout > accounts.clock.now()
            else { return nil }
            return PendingVerification(email: code.email, isLogin: false)
        case .unauthenticated(let pending) where pending.flows.contains(.verifyEmail):
            guard let token = flowContext.token else { return nil }
            let state = try await accounts.store.read { try $0.session(tokenHash: token.hash)?.state }
            return PendingVerification(
                email: state?.pendingCodes[.verifyEmail]?.email ?? state?.pendingLogin?.email, isLogin: true)
        default: return nil
        }
    }
}
