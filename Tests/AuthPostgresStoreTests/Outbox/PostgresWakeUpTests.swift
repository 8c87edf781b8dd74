// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgresStore
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite("Wake-ups", .needsPostgres) struct PostgresWakeUpTests {
    /// Listens to a stream, and counts its values.
    private final class Listener: Sendable {
        private let counted = Locked(0)
        private let task: Task<Void, Never>

        init(_ stream: AsyncStream<Void>) {
            let counted = counted
            task = Task {
                for await _ in stream { counted.change { $0 += 1 } }
            }
        }

        var count: Int { counted.value }

        deinit { task.cancel() }

        /// Waits until a value arrives after those that had arrived when `commit` began.
        func isWoken(by commit: () async throws -> Void) async throws {
            let before = count
            try await commit()
            try await eventually("it was woken") { count > before }
        }
    }

    @Test(arguments: [false, true])
    func `commits of another process wake the relay`(_ holdsLease: Bool) async throws {
        try await OutboxWorld.run { world in
            let (store, other) = (world.store, try world.another())
            let lease = holdsLease ? try await store.acquireRelayLease() : nil
            defer { lease?.release() }
            let listener = Listener(store.wakeUps())
            try await listener.isWoken { try await other.emit() }
            _ = try await store.pending()
            try await listener.isWoken { try await other.emit() }
        }
    }

    @Test func `numbers that another process has assigned wake the relay`() async throws {
        try await OutboxWorld.run { world in
            let (store, other) = (world.store, try world.another())
            let lease = try await store.acquireRelayLease()
            defer { lease.release() }
            let listener = Listener(store.wakeUps())
            try await listener.isWoken {
                try await other.emit()
                #expect(try await other.pending().count == 1)
            }
        }
    }

    @Test func `mails that another process queues wake the mail loop`() async throws {
        try await OutboxWorld.run { world in
            let (store, other) = (world.store, try world.another())
            let listener = Listener(store.mailWakeUps())
            // The first look at the database counts as a new mail.
            try await listener.isWoken {}
            let queue: @Sendable () async throws -> Void = {
                try await other.transaction { (transaction: PostgresTransaction) in
                    try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: [:]))
                }
            }
            try await listener.isWoken { try await queue() }
            let mail = try #require(try await store.dueMails(limit: 1, now: .distantFuture).first)
            try await store.failed(mail, reason: "no", retryAt: nil)
            try await listener.isWoken { try await queue() }
            let second = try #require(try await store.dueMails(limit: 1, now: .distantFuture).first)
            try await store.accepted(second)
            try await listener.isWoken { try await queue() }
        }
    }
}
