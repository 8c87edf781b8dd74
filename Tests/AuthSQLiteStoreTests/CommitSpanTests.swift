// SPDX-License-Identifier: Apache-2.0
import AuthSQLiteStore
import AuthTesting
import InMemoryTracing
import Testing
import Tracing

@Suite("The span of a transaction") struct CommitSpanTests {
    private let tracer = InMemoryTracer()
    private struct Failed: Error {}

    @Test func `a traced transaction is a child of its caller's span, and current in its body`() async throws
    {
        let store = try SQLiteStore.test()
        let inside = Locked<String?>(nil)
        try await withTracer(tracer) {
            try await tracer.withSpan("request") { _ in
                try await store.transaction { (transaction: SQLiteTransaction) in
                    inside.change { $0 = ServiceContext.current?.inMemorySpanContext?.spanID }
                    try transaction.emit(ThingHappened(1))
                }
            }
        }
        #expect(tracer.finishedSpans.map(\.operationName) == ["commit", "request"])
        let (commit, request) = (tracer.finishedSpans[0], tracer.finishedSpans[1])
        #expect(commit.parentSpanID == request.spanID)
        #expect(inside.value == commit.spanID)
        #expect(commit.attributes["db.system.name"]?.toSpanAttribute() == .string("sqlite"))
    }

    @Test func `the body of a traced transaction has the tracer of its caller's task`() async throws {
        let store = try SQLiteStore.test()
        let isOurs = Locked(false)
        try await withTracer(tracer) {
            try await tracer.withSpan("request") { _ in
                try await store.transaction { (_: SQLiteTransaction) in
                    let found = InstrumentationSystem.instrument is InMemoryTracer
                    isOurs.change { $0 = found }
                }
            }
        }
        #expect(isOurs.value)
    }

    @Test func `a transaction that is rolled back has an error`() async throws {
        let store = try SQLiteStore.test()
        await #expect(throws: Failed.self) {
            try await withTracer(tracer) {
                try await tracer.withSpan("request") { _ in
                    try await store.transaction { (_: SQLiteTransaction) in throw Failed() }
                }
            }
        }
        #expect(tracer.finishedSpans.first { $0.operationName == "commit" }?.status?.code == .error)
    }

    @Test func `a transaction outside a trace has no span`() async throws {
        let store = try SQLiteStore.test()
        try await withTracer(tracer) { try await store.emit(1) }
        #expect(tracer.finishedSpans.isEmpty)
    }
}
