// SPDX-License-Identifier: Apache-2.0
import AuthPostgresStore
import InMemoryTracing
import PostgresSupport
import Testing
import Tracing

@Suite(
    "The span of a transaction",
    .enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct CommitSpanTests {
    /// The body runs on a thread of its own, without the task's values.
    @Test func `a traced transaction is a child of its caller's span, and current in its body`() async throws
    {
        let tracer = InMemoryTracer()
        let test = try await TestStore.make()
        let inside = Notes<String?>()
        try await withTracer(tracer) {
            try await tracer.withSpan("request") { _ in
                try await test.store.transaction { (transaction: PostgresTransaction) in
                    inside.add(ServiceContext.current?.inMemorySpanContext?.spanID)
                    try transaction.emit(ThingHappened(1))
                }
            }
        }
        #expect(tracer.finishedSpans.map(\.operationName) == ["commit", "request"])
        let (commit, request) = (tracer.finishedSpans[0], tracer.finishedSpans[1])
        #expect(commit.parentSpanID == request.spanID)
        #expect(commit.attributes["db.system.name"]?.toSpanAttribute() == .string("postgresql"))
        #expect(inside.all == [commit.spanID])
    }
}
