// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `confirm-email/KEY`, the target of the mailed link.
    func addEmailConfirmation<Context>(to routes: PageRoutes<Context>) {
        // Link scanners send HEAD, so HEAD never confirms an address, even if GET does.
        let question: @Sendable (PageCall) async throws -> Page = { try await $0.confirmationPage() }
        routes.get("confirm-email/:key", head: question) { call in
            if call.settings.confirmEmailOnGet { return try await call.confirmEmail() }
            return try await question(call)
        }
        routes.post("confirm-email/:key", again: question, once: true) { try await $0.confirmEmail() }
    }
}

extension PageCall {
    fileprivate func confirmationPage() async throws -> Page {
        guard let info = try await accounts.emailConfirmation(for: key, flowContext) else {
            return .spentConfirmation
        }
        return Page(
            title: .confirmAddress, content: "<p>\(.isYourAddress(info.email))</p>\n",
            forms: [PageForm(button: .yesConfirm)])
    }

    fileprivate func confirmEmail() async throws -> Page {
        let result = try await accounts.confirmEmail(key, flowContext)
        switch result {
        case .unauthenticated(let pending):
            // A log-in that waits for something else goes on there.
            let page = pendingPage(pending) ?? .redirect(to: "/accounts/login/", .emailConfirmed)
            return page.holding(result, flowContext)
        case .refused(let refusals) where refusals.contains { $0.code == .emailTaken }:
            return .message(.addressInUse, .confirmedByAnother, status: .badRequest)
        case .success, .rateLimited:
            return try await page(result) { _ in
                try await confirmationPage()
            } success: { _ in
                .redirect(to: "/accounts/", .emailConfirmed)
            }
        default: return .spentConfirmation
        }
    }
}

extension Page {
    /// The page for a link that is invalid, used or expired. A caller who is logged in can ask for a new one.
    fileprivate static let spentConfirmation = Page.message(
        .linkInvalid, .linkSpent, status: .notFound, links: [PageLink(.emails, "/accounts/email/")])
}
