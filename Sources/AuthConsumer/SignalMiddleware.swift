// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// Code that runs around every call of a handler.
///
/// ```swift
/// struct Slow: SignalMiddleware {
///     func handle(
///         _ event: SignalEvent, _ context: SignalContext, by handler: String,
///         next: @Sendable (SignalEvent, SignalContext) async throws -> Void
///     ) async throws {
///         let time = try await ContinuousClock().measure { try await next(event, context) }
///         if time > .seconds(1) { context.logger.warning("slow") }
///     }
/// }
/// ```
public protocol SignalMiddleware: Sendable {
    /// Runs the handler by calling `next`; an error counts as the handler's failure. For a transactional handler,
    /// `next` includes the inbox's transaction.
    func handle(
        _ event: SignalEvent, _ context: SignalContext, by handler: String,
        next: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) async throws
}
