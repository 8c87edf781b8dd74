// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// One request for a page.
struct PageCall: Sendable {
    let accounts: Accounts
    /// The caller and the request, the argument of every flow.
    let flowContext: FlowContext
    /// The path of the request, without its query.
    let path: String
    /// `:key` of the path; empty if the path has none.
    let key: LinkKey
    let query: FormBody
    /// The form that was sent. Empty for GET.
    let form: FormBody
    /// Whether the form was sent too late or without its CSRF token, and the page is only shown again.
    let isShownAgain: Bool

    var settings: AccountSettings { accounts.settings }
    var ways: LoginFlows { LoginFlows(accounts: accounts, client: .browser) }

    /// `next` of the query, if it is allowed.
    var next: NextPage? { NextPage(query["next"], settings) }

    /// A path of this server with the request's `next`.
    func keepingNext(_ path: String) -> String {
        next.map { PageLink.path(path, adding: ["next": $0.target]) } ?? path
    }

    /// A redirect to `next`, or to the account page.
    func onward(_ notice: PageNotice? = nil) -> Page {
        .redirect(to: next?.target ?? "/accounts/", notice)
    }

    /// The caller, if they are logged in.
    func authentication() async throws -> Authentication? {
        guard case .success(let authentication) = try await accounts.sessions.current(flowContext) else {
            return nil
        }
        return authentication
    }

    /// A redirect to the log-in page, which leads back to this page.
    func logInFirst() -> Page {
        .redirect(to: PageLink.path("/accounts/login/", adding: ["next": path]))
    }

    /// A redirect to the page that asks for the password again, which leads back to this page.
    func reauthenticateFirst() -> Page {
        .redirect(to: PageLink.path("/accounts/reauthenticate/", adding: ["next": path]))
    }

    /// A redirect to the page of the flow that is pending, with `next`; nil if none is pending.
    func pendingPage(_ pending: PendingAuthentication) -> Page? {
        let pages: [(PendingAuthentication.Flow, String)] = [
            (.providerSignup, "/accounts/3rdparty/signup/"), (.verifyEmail, "/accounts/confirm-email/"),
            (.loginByCode, "/accounts/login/code/confirm/"),
            (.passwordResetByCode, "/accounts/password/reset/code/"),
        ]
        return pages.first { pending.flows.contains($0.0) }.map { .redirect(to: keepingNext($0.1)) }
    }

    /// The page for a flow's result, with the session change that the result requires.
    ///
    /// - Parameters:
    ///   - again: the page with the form, for a result that the user can correct; the refusals are shown in it.
    ///   - success: the page for the flow's value, usually a redirect.
    func page<Value>(
        _ result: FlowResult<Value>, again: ([Refusal]) async throws -> Page,
        success: (Value) async throws -> Page
    ) async throws -> Page {
        var page: Page
        switch result {
        case .success(let value): page = try await success(value)
        case .unauthenticated(let pending): page = pendingPage(pending) ?? logInFirst()
        case .reauthenticationRequired: page = reauthenticateFirst()
        case .refused(let refusals):
            page = try await again(refusals)
            if page.location == nil { page.status = .badRequest }
        case .conflict: page = .message(.startAgain, .nothingPending, status: .conflict)
        case .closed: page = .message(.signUp, .signUpClosed, status: .forbidden)
        case .forbidden: page = .message(.wentWrong, .notAllowed, status: .forbidden)
        case .gone: page = logInFirst()
        case .rateLimited(let seconds):
            page = try await again([])
            if page.location == nil {
                page.status = .tooManyRequests
                page.warning = .waitAWhile
                page.retryAfter = max(1, Int(saturating: seconds.rounded(.up)))
            }
        }
        return page.holding(result, flowContext)
    }
}

extension Page {
    /// The page with the session change of a flow's result, as in ``APIResponse``.
    func holding<Value>(_ result: FlowResult<Value>, _ flowContext: FlowContext) -> Page {
        var page = self
        switch result {
        case .success(let value):
            if let authentication = value as? Authentication, let token = authentication.newToken {
                page.session = authentication.session.opened(token)
            }
        case .unauthenticated(let pending):
            if let token = pending.newToken {
                page.session = .opened(token, expiresAt: nil)
            } else if flowContext.token != nil, pending.flows.isEmpty {
                page.session = .ended
            }
        default: break
        }
        return page
    }

    /// The page for a request that failed.
    static func failure(_ answer: APIResponse) -> Page {
        var page: Page =
            switch answer.status {
            case .serviceUnavailable:
                .message(.tryAgainSoon, .nothingChanged, status: answer.status)
            case .internalServerError:
                .message(.wentWrong, .nothingChangedTryLater, status: answer.status)
            default: .message(.unreadable, .goBack, status: answer.status)
            }
        page.retryAfter = answer.retryAfter
        return page
    }

    /// The page for a caller who has to wait.
    static func tooOften(retryAfter seconds: Double) -> Page {
        var page = Page.message(.tooOften, .waitAWhile, status: .tooManyRequests)
        page.retryAfter = max(1, Int(saturating: seconds.rounded(.up)))
        return page
    }
}
