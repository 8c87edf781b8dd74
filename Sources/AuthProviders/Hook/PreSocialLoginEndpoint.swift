// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Crypto
import Foundation
public import Logging

/// The hook before a social log-in, as a call to somebody else's HTTP end-point: `PRE_SOCIAL_LOGIN_URL`.
///
/// It is told what `socialaccount.pre_social_login` tells, never a provider's token, signed as Standard Webhooks
/// has it. It answers `{"action": "proceed"}`, `{"action": "deny", "reason": …}` or `{"action": "redirect", "url": …}`.
/// It cannot connect an account to a user: whoever controls the answer would control accounts.
///
/// What is no such answer, or none at all, is an error, which denies unless the hook fails open. An answer that asks
/// for more than it may have denies whatever is set: it did not say “proceed”.
public struct PreSocialLoginEndpoint: Sendable {
    private let settings: PreSocialLoginSettings
    private let http: any ProviderHTTP
    private let clock: any WallClock
    private let signature: WebhookSignature
    private let logger: Logger?

    /// The longest answer that is read, bytes.
    public static let longestAnswer = 16 * 1024

    /// - Parameters:
    ///   - http: bounded by ``longestAnswer`` and by more time than the hook's deadline, so that the deadline is what
    ///     ends a slow call; ``PreSocialLoginSettings/limits`` says so.
    ///   - logger: is told why the hook gave no answer that counts.
    public init(
        _ settings: PreSocialLoginSettings, http: any ProviderHTTP, clock: any WallClock = .system,
        logger: Logger? = nil
    ) {
        self.settings = settings
        self.logger = logger
        self.http = http
        self.clock = clock
        signature = WebhookSignature(settings.secret) { message, key in
            Data(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
        }
    }

    /// The hook, for `AccountHooks.preSocialLogin`.
    public var hook: PreSocialLoginHook {
        PreSocialLoginHook(deadline: settings.deadline, failsOpen: settings.failsOpen) { login, visit in
            do {
                return try await answer(login, visit)
            } catch {
                tell(error)
                throw error
            }
        }
    }

    /// A log-in that fails for the hook's sake is the operator's affair: the visitor learns nothing of it.
    private func tell(_ error: any Error) {
        let why: String
        switch error {
        case let error as SocialProviderError: why = error.message
        case let error as PreSocialLoginReply.Fault: why = error.description
        default: why = "\(type(of: error))"
        }
        logger?.warning(
            "PRE_SOCIAL_LOGIN_URL gave no answer that counts",
            metadata: ["error": "\(why)", "login": settings.failsOpen ? "proceeds" : "denied"])
    }

    // The request is made in a function of its own, and each step is a line of its own: with both in one expression
    // Swift 6.3.1 crashes while it optimises this function (CoroSplit), so that no release build ends.
    private func answer(_ login: SocialLogin, _ visit: Visit) async throws -> PreSocialLoginHook.Answer {
        let request = try request(login, visit)
        let response = try await http.send(request)
        let reply = try PreSocialLoginReply(response)
        return reply.answer(settings)
    }

    private func request(_ login: SocialLogin, _ visit: Visit) throws -> ProviderRequest {
        let now = clock.now()
        let question = PreSocialLoginQuestion(
            timestamp: now,
            data: .init(
                request: visit.request, user: login.user.map { .init(id: $0.id.wireText) },
                sociallogin: login.snapshot()))
        let body = try SignalCodec.bytes(of: question)
        var request = ProviderRequest(.post, settings.url)
        request.allowsPlainHTTP = settings.url.scheme == "http"
        request.headers["Content-Type"] = "application/json"
        let id = "msg_" + UUID.version7(at: now).wireText
        for (name, value) in signature.headers(id: id, at: now, body: body) { request.headers[name] = value }
        request.body = body
        return request
    }
}

/// What the end-point is asked: members as the contract has them.
private struct PreSocialLoginQuestion: Encodable {
    struct User: Encodable { var id: String }
    struct Data: Encodable {
        var request: RequestContext
        var user: User?
        /// No encoder but the outbox's writes a token, and that one seals it.
        var sociallogin: SocialLoginSnapshot
    }
    var type = "pre_social_login"
    var timestamp: Date
    var data: Data
}
