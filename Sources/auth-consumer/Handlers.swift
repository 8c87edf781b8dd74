// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals

/// The handlers of this worker. Add your own here, in a copy of this package; a worker in a package of its own begins
/// with `Snippets/HandleSignals.swift` and the product `AuthWorker`.
///
/// ```swift
/// handlers.on(UserSignedUp.self, as: "welcome-mail") { signal, context in
///     try await mails.welcome(signal.user, idempotencyKey: context.id)
/// }
/// handlers.once(UserLoggedIn.self, as: "last-seen", in: inbox) { signal, context, database in
///     try database.execute(sql: "UPDATE …")
/// }
/// handlers.on(UserLoggedIn.self, as: "calendar") { signal, context in
///     guard let login = signal.sociallogin, let token = try tokens.token(of: login, event: context.id)
///     else { return }
///     try await calendar.subscribe(signal.user.id, bearer: token.exposedAccessToken)
/// }
/// ```
///
/// If a handler returns, its message is done. If it throws, the message is retried with increasing delays, and finally
/// dead-lettered (`NAME.dead`).
///
/// - Parameters:
///   - log: prints every signal; nil for no output.
///   - webhook: posts every signal; nil for no webhook.
///   - tokens: opens the sealed tokens of providers in signals.
func workerHandlers(log: SignalLog?, webhook: Webhook?, tokens: TokenOpener) -> SignalHandlers {
    var handlers = SignalHandlers()
    if let log {
        handlers.on(matching: "#", as: "log") { event, context in
            try await log.write(event, context)
        }
    }
    if let webhook {
        handlers.on(matching: "#", as: "webhook") { event, _ in try await webhook.post(event) }
    }
    return handlers
}
