// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

@Suite struct ReceiverTests {
    let heard = Notes<Int>()

    private func handlers(_ add: (inout SignalHandlers) -> Void = { _ in }) -> SignalHandlers {
        var handlers = SignalHandlers()
        add(&handlers)
        handlers.on(ThingHappened.self, as: "note") { [heard] signal, _ in heard.add(signal.number) }
        return handlers
    }

    @Test func `receivers run after the commit, in commit order`() async throws {
        let store = try SQLiteStore.test(receivers: handlers())
        for number in 0..<200 { try await store.emit(number) }
        await store.receiversFinished()
        #expect(heard.all == Array(0..<200))
    }

    @Test func `receivers do not run after a rollback`() async throws {
        let store = try SQLiteStore.test(receivers: handlers())
        try? await store.transaction { transaction in
            try transaction.emit(ThingHappened(1))
            throw Abandoned()
        }
        try await store.emit(2)
        await store.receiversFinished()
        #expect(heard.all == [2])
    }

    @Test func `a receiver gets the context of the committed signal`() async throws {
        let contexts = Notes<SignalContext>()
        var handlers = SignalHandlers()
        handlers.on(matching: "test.#", as: "context") { _, context in contexts.add(context) }
        let store = try SQLiteStore.test(receivers: handlers)
        try await store.emit(1, of: "ada")
        await store.receiversFinished()
        let context = try #require(contexts.all.first)
        let row = try #require(try await store.pending().first)
        #expect(context.id == row.draft.id)
        #expect(context.name == ThingHappened.name)
        #expect(context.sequence == row.sequence)
        #expect(context.subject == "ada")
        #expect(context.source == SignalCodec.test.source)
        #expect(context.attempt == 1)
    }

    @Test func `a failing receiver affects neither other receivers, later signals nor the caller`()
        async throws
    {
        let attempts = Notes<Int>()
        let receivers = handlers { handlers in
            handlers.on(ThingHappened.self, as: "fails") { signal, _ in
                attempts.add(signal.number)
                throw Abandoned()
            }
        }
        let store = try SQLiteStore.test(receivers: receivers)
        try await store.emit(1)
        try await store.emit(2)
        await store.receiversFinished()
        #expect(heard.all == [1, 2])
        #expect(attempts.all == [1, 2])
    }

    @Test func `a receiver that hangs delays neither the caller nor other receivers`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let slow = Notes<Int>()
        let receivers = handlers { handlers in
            handlers.on(ThingHappened.self, as: "hangs") { signal, _ in
                for await _ in gate { break }
                slow.add(signal.number)
            }
        }
        let store = try SQLiteStore.test(receivers: receivers)
        for number in 0..<10 { try await store.emit(number) }
        #expect(await becomes { heard.all == Array(0..<10) })
        #expect(slow.all.isEmpty)
        open.finish()
        await store.receiversFinished()
        #expect(slow.all == Array(0..<10))
    }

    @Test func `a receiver can use the store`() async throws {
        let folder = try TemporaryFolder()
        let other = try await folder.store()
        let receivers = handlers { handlers in
            handlers.on(ThingHappened.self, as: "writes") { signal, _ in
                try await other.emit(signal.number + 1)
            }
        }
        let store = try await folder.store(receivers: receivers)
        try await store.emit(1)
        await store.receiversFinished()
        #expect(try await store.pending().map(\.number) == [1, 2])
    }

    @Test func `a signal without a handler goes to the handler for unhandled signals`() async throws {
        let rest = Notes<SignalName>()
        var handlers = SignalHandlers()
        handlers.onUnhandled(as: "rest") { event, _ in rest.add(event.name) }
        let store = try SQLiteStore.test(receivers: handlers)
        try await store.emit(1)
        await store.receiversFinished()
        #expect(rest.all == [ThingHappened.name])
    }

    @Test func `a receiver gets only the signals that it accepts, and batches of one`() async throws {
        let batches = Notes<[Int]>()
        let receivers = handlers { handlers in
            handlers.on(ThingHappened.self, as: "even", where: { $0.number.isMultiple(of: 2) }) {
                [heard] signal, _ in heard.add(signal.number * 10)
            }
            handlers.onBatch(ThingHappened.self, as: "batch", upTo: 10, within: .seconds(3600)) { batch in
                batches.add(batch.map(\.signal.number))
            }
        }
        let store = try SQLiteStore.test(receivers: receivers)
        for number in 1...4 { try await store.emit(number) }
        await store.receiversFinished()
        #expect(heard.all.sorted() == [1, 2, 3, 4, 20, 40])
        #expect(batches.all == [[1], [2], [3], [4]])
    }

    @Test func `rejects a transactional receiver`() throws {
        var handlers = SignalHandlers()
        handlers.once(ThingHappened.self, as: "once") { _, _, _ in }
        let error = #expect(throws: StoreError.self) { try SQLiteStore.test(receivers: handlers) }
        #expect(error?.code == .unsuitable)
    }
}
