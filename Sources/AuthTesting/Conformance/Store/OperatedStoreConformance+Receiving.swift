// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension OperatedStoreConformance {
    /// Handlers that note the numbers of ``TestSignal``s.
    private struct Noting: Sendable {
        let received = Locked<[Int]>([])

        func handlers(_ add: (inout SignalHandlers) -> Void = { _ in }) -> SignalHandlers {
            var handlers = SignalHandlers()
            add(&handlers)
            handlers.on(TestSignal.self, as: "note") { [received] signal, _ in
                received.change { $0.append(signal.number) }
            }
            return handlers
        }
    }

    static let receiving: [Sentence] = [
        Sentence("Receivers run after the commit, in commit order") { database in
            let noting = Noting()
            let store = try await database.store(receivers: noting.handlers())
            for number in 0..<200 { try await store.emit(number) }
            await store.receiversFinished()
            #expect(noting.received.value == Array(0..<200))
        },
        Sentence("Receivers do not run after a rollback") { database in
            let noting = Noting()
            let store = try await database.store(receivers: noting.handlers())
            await #expect(throws: RolledBack.self) {
                try await store.transaction { transaction in
                    try transaction.emit(TestSignal(number: 1))
                    throw RolledBack()
                }
            }
            try await store.emit(2)
            await store.receiversFinished()
            #expect(noting.received.value == [2])
        },
        Sentence("A receiver gets the context of the committed signal") { database in
            let contexts = Locked<[SignalContext]>([])
            var handlers = SignalHandlers()
            handlers.on(matching: "testing.#", as: "context") { _, context in
                contexts.change { $0.append(context) }
            }
            let store = try await database.store(receivers: handlers)
            try await store.emit(1, of: "ada")
            await store.receiversFinished()
            let context = try #require(contexts.value.first)
            let row = try #require(try await store.pending().first)
            #expect(context.id == row.draft.id)
            #expect(context.name == TestSignal.name)
            // A store that numbers rows when a relay reads them has no number yet.
            #expect(context.sequence == nil || context.sequence == row.sequence)
            #expect(context.subject == "ada")
            #expect(context.source == TestDatabase.Options().codec.source)
            #expect(context.attempt == 1)
        },
        Sentence("A failing receiver affects neither other receivers, later signals nor the caller") {
            database in
            let attempts = Locked<[Int]>([])
            let noting = Noting()
            let receivers = noting.handlers { handlers in
                handlers.on(TestSignal.self, as: "fails") { signal, _ in
                    attempts.change { $0.append(signal.number) }
                    throw RolledBack()
                }
            }
            let store = try await database.store(receivers: receivers)
            try await store.emit(1)
            try await store.emit(2)
            await store.receiversFinished()
            #expect(noting.received.value == [1, 2])
            #expect(attempts.value == [1, 2])
        },
        Sentence("A receiver that hangs delays neither the caller nor other receivers") { database in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let slow = Locked<[Int]>([])
            let noting = Noting()
            let receivers = noting.handlers { handlers in
                handlers.on(TestSignal.self, as: "hangs") { signal, _ in
                    for await _ in gate { break }
                    slow.change { $0.append(signal.number) }
                }
            }
            let store = try await database.store(receivers: receivers)
            for number in 0..<10 { try await store.emit(number) }
            try await eventually("the other receiver got all signals") {
                noting.received.value == Array(0..<10)
            }
            #expect(slow.value.isEmpty)
            open.finish()
            await store.receiversFinished()
            #expect(slow.value == Array(0..<10))
        },
        Sentence("A receiver can use the store") { database in
            let other = try await database.store()
            var handlers = SignalHandlers()
            handlers.on(TestSignal.self, as: "writes") { signal, _ in
                try await other.emit(signal.number + 1)
            }
            let store = try await database.store(receivers: handlers)
            try await store.emit(1)
            await store.receiversFinished()
            #expect(try await store.pending().map(\.number) == [1, 2])
        },
        Sentence("A signal without a handler goes to the handler for unhandled signals") { database in
            let rest = Locked<[SignalName]>([])
            var handlers = SignalHandlers()
            handlers.onUnhandled(as: "rest") { event, _ in rest.change { $0.append(event.name) } }
            let store = try await database.store(receivers: handlers)
            try await store.emit(1)
            await store.receiversFinished()
            #expect(rest.value == [TestSignal.name])
        },
        Sentence("A receiver gets only the signals that it accepts, and batches of one") { database in
            let noting = Noting()
            let batches = Locked<[[Int]]>([])
            let receivers = noting.handlers { handlers in
                handlers.on(TestSignal.self, as: "even", where: { $0.number.isMultiple(of: 2) }) {
                    signal, _ in noting.received.change { $0.append(signal.number * 10) }
                }
                handlers.onBatch(TestSignal.self, as: "batch", upTo: 10, within: .seconds(3600)) { batch in
                    batches.change { $0.append(batch.map(\.signal.number)) }
                }
            }
            let store = try await database.store(receivers: receivers)
            for number in 1...4 { try await store.emit(number) }
            await store.receiversFinished()
            #expect(noting.received.value.sorted() == [1, 2, 3, 4, 20, 40])
            #expect(batches.value == [[1], [2], [3], [4]])
        },
        Sentence("Rejects a transactional receiver") { database in
            var handlers = SignalHandlers()
            handlers.once(TestSignal.self, as: "once") { _, _, _ in }
            let receivers = handlers
            let error = await #expect(throws: StoreError.self) {
                _ = try await database.store(receivers: receivers)
            }
            #expect(error?.code == .unsuitable)
        },
    ]
}
