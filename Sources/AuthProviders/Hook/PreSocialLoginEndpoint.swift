// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
import Crypto
import Foundation
public import Logging

/// The hook before a social log-in, as a call to an external HTTP end-point: `PRE_SOCIAL_LOGIN_URL`.
///
/// The request contains the data of `socialaccount.pre_social_login`, never a provider's token, and is signed as
/// defined by Standard Webhooks. The response is `{"action": "proceed"}`, `{"action": "deny", "reason": …}` or
/// `{"action": "redirect", "url": …}`. It cannot connect an account to a user, because an attacker who controls the
/// response would control accounts.
///
/// Any other response, or none, is an error, which denies the log-in unless the hook fails open. A response with an
/// action or a redirect that is not allowed always denies, because it is not “proceed”.
public struct PreSocialLoginEndpoint: Sendable {
    private let settings: PreSocialLoginSettings
    private let http: any ProviderHTTP
    private let clock: any WallClock
    private let signature: WebhookSignature
    private let logger: Logger?

    /// The maximum size of a response, in bytes.
    public static let longestAnswer = 16 * 1024

    /// - Parameters:
    ///   - settings: the hook's address, secret and limits.
    ///   - http: limited by ``longestAnswer`` and to more time than the hook's deadline, so that the deadline ends a
    ///     slow call; use ``PreSocialLoginSettings/limits``.
    ///   - clock: the time; tests pass a clock that they set.
    ///   - logger: logs why the hook gave no valid response.
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

    /// Logs a failure of the hook for the operator; the user does not see it.
    private func tell(_ error: any Error) {
        let why: String
        switch error {
        case let error as SocialProviderError: why = error.message
        case let error as PreSocialLoginReply.Fault: why = error.description
        default: why = "\(type(of: error))"
        }
        logger?.warning(
            "no valid response from PRE_SOCIAL_LOGIN_URL",
            metadata: ["error": "\(why)", "login": settings.failsOpen ? "proceeds" : "denied"])
    }

    // The request is built in a separate function, and each step is a separate statement: with a single expression,
    // Swift 6.3.1 crashes when it optimises this function (CoroSplit), so release builds fail.
    private func answer(_ login: SocialLogin, _ visit: FlowContext) async throws -> PreSocialLoginHook.Answer
    {
        let request = try request(login, visit)
        let response = try await http.send(request)
        let reply = try PreSocialLoginReply(response)
        return reply.answer(settings)
    }

    private func request(_ login: SocialLogin, _ visit: FlowContext) throws -> ProviderRequest {
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

/// The request body: members as defined in the contract.
private struct PreSocialLoginQuestion: Encodable {
    struct User: Encodable { var id: String }
    struct Data: Encodable {
        var request: SignalRequest
        var user: User?
        /// Contains no token: only the outbox's encoder writes it, encrypted.
        var sociallogin: SocialLoginSnapshot
    }
    var type = "pre_social_login"
    var timestamp: Date
    var data: Data
}
