// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals

/// The handlers of this worker. To make it your own, copy this target and write them here:
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
/// A handler that returns is done with its message; one that throws gets it again later, on the ladder of
/// retries, and in the end it is among the dead letters (`NAME.dead`).
///
/// - Parameters:
///   - log: prints every signal; nil: nobody does.
///   - webhook: posts every signal; nil: nobody does.
///   - tokens: opens the providers' tokens that signals carry sealed.
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
