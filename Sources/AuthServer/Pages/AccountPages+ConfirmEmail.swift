// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AccountPages {
    /// `/accounts/confirm-email/KEY`.
    func addEmailConfirmation<Context>(to routes: PageRoutes<Context>) {
        let accounts = accounts
        let question: @Sendable (FlowContext, LinkKey) async throws -> PlainPage = { flowContext, key in
            guard let info = try await accounts.emailConfirmation(for: key, flowContext) else {
                return .spentLink
            }
            return PlainPage(
                title: "Confirm your address",
                content: """
                    <p>Is <strong>\(info.email)</strong> your e-mail address at \(accounts.settings.siteName)?</p>

                    """, form: PlainPage.Form(button: "Yes, confirm it"))
        }
        // Link scanners send HEAD, so HEAD never confirms an address, even if GET does.
        routes.get("confirm-email/:key", head: question) { flowContext, key in
            if accounts.settings.confirmEmailOnGet {
                return try await Self.confirm(key, flowContext, accounts)
            }
            return try await question(flowContext, key)
        }
        routes.post("confirm-email/:key") { flowContext, key, _ in
            try await Self.confirm(key, flowContext, accounts)
        }
    }

    private static func confirm(_ key: LinkKey, _ flowContext: FlowContext, _ accounts: Accounts) async throws
        -> PlainPage
    {
        let result = try await accounts.confirmEmail(key, flowContext)
        switch result {
        case .success:
            return .message("Your address is confirmed", "Thank you. You are logged in.")
                .holding(result, flowContext)
        case .unauthenticated:
            return .message("Your address is confirmed", "Thank you. You can log in now.")
                .holding(result, flowContext)
        case .rateLimited(let seconds): return .tooOften(retryAfter: seconds)
        case .refused(let refusals) where refusals.contains { $0.code == .emailTaken }:
            return .message(
                "This address is in use", "Another account has confirmed it already.", status: .badRequest
            )
        default: return .spentLink
        }
    }
}

extension PlainPage {
    /// The page for a link that is invalid, used or expired.
    static let spentLink = PlainPage.message(
        "This link is not valid", "It was used already, or it is too old. Please ask for a new one.",
        status: .notFound)

    /// The page for a request that failed.
    static func failure(_ answer: APIResponse) -> PlainPage {
        var page: PlainPage =
            switch answer.status {
            case .serviceUnavailable:
                .message("Please try again in a moment", "Nothing was changed.", status: answer.status)
            case .internalServerError:
                .message(
                    "Something went wrong", "Nothing was changed. Please try again later.",
                    status: answer.status)
            default:
                .message("This cannot be read", "Please go back and try again.", status: answer.status)
            }
        page.retryAfter = answer.retryAfter
        return page
    }

    static func tooOften(retryAfter seconds: Double) -> PlainPage {
        var page = PlainPage.message(
            "Too many attempts", "Please wait a while and try again.", status: .tooManyRequests)
        page.retryAfter = max(1, Int(saturating: seconds.rounded(.up)))
        return page
    }
}
