// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct WakeUpTests {
    @Test func `a commit wakes every listening loop`() async throws {
        let store = try SQLiteStore.test()
        let (first, second) = (store.wakeUps(), store.wakeUps())
        try await store.emit(1)
        #expect(await hears(first))
        #expect(await hears(second))
    }

    @Test func `several commits can be merged into one wake-up`() async throws {
        let store = try SQLiteStore.test()
        let stream = store.wakeUps()
        for number in 0..<50 { try await store.emit(number) }
        #expect(await hears(stream))
        #expect(await !hears(stream, within: .milliseconds(100)))
    }

    @Test func `a rollback wakes no loop, and a signal no mail loop`() async throws {
        let store = try SQLiteStore.test()
        let (signals, mails) = (store.wakeUps(), store.mailWakeUps())
        try? await store.transaction { transaction in
            try transaction.emit(ThingHappened(1))
            try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: [:]))
            throw Abandoned()
        }
        #expect(await !hears(signals, within: .milliseconds(100)))
        try await store.emit(2)
        #expect(await !hears(mails, within: .milliseconds(100)))
    }

    @Test func `a queued mail wakes the mail loop`() async throws {
        let store = try SQLiteStore.test()
        let stream = store.mailWakeUps()
        try await store.transaction { transaction in
            try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: [:]))
        }
        #expect(await hears(stream))
    }

    @Test func `a commit through another connection wakes the loops within a second`() async throws {
        let folder = try TemporaryFolder()
        let (here, elsewhere) = (try await folder.store(), try await folder.store())
        let (signals, mails) = (here.wakeUps(), here.mailWakeUps())
        try await elsewhere.emit(1)
        // Without the commit, which waits for the disk.
        let start = ContinuousClock.now
        #expect(await hears(signals))
        #expect(await hears(mails))
        // A busy machine takes longer than a second.
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test func `the streams end when the store is deinitialized`() async throws {
        let folder = try TemporaryFolder()
        var store: SQLiteStore? = try await folder.store()
        let streams = try #require(store.map { [$0.wakeUps(), $0.mailWakeUps()] })
        store = nil
        #expect(store == nil)
        let ended = Notes<Bool>()
        let waiting = streams.map { stream in Task { ended.add(await stream.first { _ in true } == nil) } }
        try await eventually("both streams have ended") { ended.all == [true, true] }
        for task in waiting { task.cancel() }
    }

    @Test func `republishing rows wakes the relay`() async throws {
        let store = try SQLiteStore.test()
        try await store.emit(1)
        try await store.settle(.unrouted, 1)
        let stream = store.wakeUps()
        _ = try await store.republish(OutboxFilter([.unrouted]))
        #expect(await hears(stream))
    }
}
