// SPDX-License-Identifier: Apache-2.0
package import Tracing

/// The span `commit` of a transaction: from waiting for the database to the end of the commit. Signals that the
/// transaction emits carry its trace context.
package enum CommitSpan {
    /// Runs a transaction within a span if the caller is traced; otherwise it costs one look at a task-local value.
    ///
    /// - Parameters:
    ///   - system: OpenTelemetry's `db.system.name`: `sqlite` or `postgresql`.
    ///   - body: gets the context that is current in the transaction, for bodies that run on another thread.
    package static func around<R: Sendable>(
        _ system: String, _ body: @Sendable (ServiceContext?) async throws -> R
    ) async throws -> R {
        guard let caller = ServiceContext.current else { return try await body(nil) }
        let tracer = InstrumentationSystem.tracer
        if tracer is NoOpTracer { return try await body(caller) }
        return try await tracer.withAnySpan("commit", context: caller, ofKind: .internal) { span in
            span.attributes["db.system.name"] = system
            return try await body(span.context)
        }
    }

    /// The tracer that a body needs if it runs in another task than its traced caller: `withTracer` may have set it for
    /// the caller's task only. Nil if the caller is not traced, or if several instruments are set for the whole
    /// process.
    package static var callersTracer: (any Tracer)? {
        ServiceContext.current == nil ? nil : InstrumentationSystem.instrument as? any Tracer
    }

    /// Runs the body of a transaction, on any thread, within a context.
    ///
    /// - Parameter tracer: the caller's, if the body runs in another task.
    package static func within<R>(
        _ context: ServiceContext?, tracer: (any Tracer)? = nil, _ body: () throws -> R
    ) throws -> R {
        guard let context else { return try body() }
        guard let tracer else { return try ServiceContext.$current.withValue(context, operation: body) }
        return try withTracer(tracer) { try ServiceContext.$current.withValue(context, operation: body) }
    }
}
