// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthStore
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import PostgresSupport
import ProgramSupport
import Testing
import ToolSupport

extension Faults.Postgres {
    @Suite struct LostCommitTests {
        @Test func `a writer learns the true outcome of a commit whose connection was lost`() async throws {
            let schema = try await FaultPostgres.schema()
            let fault = "connection of a writer cut before COMMIT is sent, after that, before the answer"
            try await Trial("P5", fault).run(database: schema.url) { world in
                let proxy = try LoopbackProxy(to: schema.server.port)
                defer { proxy.close() }
                let relay = try world.actor("relay")
                let worker = try world.actor("work")
                let store = try await TrialStore.open(
                    schema.url(port: proxy.port), connections: 1, logger: world.logger)
                for _ in 0..<max(3, TrialSettings.kills) {
                    for loss in Loss.allCases.shuffled() {
                        let outcome = try await world.write(to: store, through: proxy, losing: loss)
                        #expect(loss.allowed.contains(outcome), "\(loss): \(outcome)")
                    }
                }
                await store.closeConnections()
                try await world.drain()
                try await relay.stop()
                try await worker.stop()
            }
        }

        @Test func `no signal is lost under random faults of the connections to the server`() async throws {
            let schema = try await FaultPostgres.schema()
            let fault = "random cuts, resets and stalls between the processes and PostgreSQL"
            try await Trial("P5 b", fault).run(database: schema.url) { world in
                let proxies = try (0..<3).map { _ in try LoopbackProxy(to: schema.server.port) }
                defer { proxies.forEach { $0.close() } }
                let relay = try world.actor("relay", ["STORE": schema.url(port: proxies[0].port)])
                let worker = try world.actor("work", ["EFFECTS": schema.url(port: proxies[1].port)])
                let store = try await TrialStore.open(
                    schema.url(port: proxies[2].port), logger: world.logger)
                let since = ContinuousClock.now
                try await world.withWriter(4, to: store) {
                    while ContinuousClock.now - since < .seconds(max(4, TrialSettings.seconds)) {
                        let proxy = proxies[world.number(in: 0...2)]
                        switch world.number(in: 0...3) {
                        case 0: proxy.cut()
                        case 1: proxy.reset()
                        case 2: proxy.setSilent(true)
                        default: proxy.setDeaf(true)
                        }
                        let (pause, start) = (world.number(in: 50...400), ContinuousClock.now)
                        try await eventually(within: .seconds(60), "the fault lasted long enough") {
                            ContinuousClock.now - start > .milliseconds(pause)
                        }
                        // Half of the stalls end as if nothing had happened, the others with the connection.
                        if world.number(in: 0...1) == 0 { proxy.cut() }
                        proxy.setSilent(false)
                        proxy.setDeaf(false)
                    }
                }
                proxies.forEach { $0.cut() }
                await store.closeConnections()
                try await world.drain()
                try await relay.stop()
                try await worker.stop()
            }
        }
    }
}

/// How the connection of a writer is lost within its transaction.
private enum Loss: CaseIterable {
    /// Closed before COMMIT is sent.
    case closed
    /// Reset at about the time when COMMIT is sent.
    case reset
    /// The answer to COMMIT does not arrive.
    case answer
    /// COMMIT does not arrive.
    case commit

    /// What the writer may be told.
    var allowed: [Outcome] {
        switch self {
        case .closed, .commit: [.rolledBack]
        case .reset: [.committed, .rolledBack, .unknown]
        // The transaction's id arrived before, so that the server can be asked for its outcome.
        case .answer: [.committed]
        }
    }
}

private enum Outcome { case committed, rolledBack, unknown }

extension TrialWorld {
    /// Runs one transaction of a writer, and ends its connection at a point of the commit.
    fileprivate func write(
        to store: any OperatedStore, through proxy: LoopbackProxy, losing loss: Loss
    ) async throws -> Outcome {
        let diary = newWriterDiary()
        let writer = TrialWriter(store, log: try TrialLog(diary))
        let isReached = Locked(false)
        let random = generator()
        let writing = Task { () -> Outcome in
            var random = random
            while true {
                do {
                    try await writer.write(2, &random) { point in
                        // Only the first run: the transaction is not run again after a lost connection.
                        guard point == .beforeCommit, !isReached.value else { return }
                        switch loss {
                        case .closed: proxy.cut()
                        case .reset: proxy.reset()
                        case .answer: proxy.setSilent(true)
                        case .commit: proxy.setDeaf(true)
                        }
                        isReached.change { $0 = true }
                    }
                    return .committed
                } catch is UnknownOutcome {
                    return .unknown
                } catch let error as any TemporaryFailure where error.secondsUntilRetry != nil {
                    if isReached.value { return .rolledBack }
                    // The connection was lost in the round before, and is being opened again.
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
        }
        do {
            try await eventually("the transaction is about to commit") { isReached.value }
            if loss == .answer {
                // Over a connection that works, the trial sees when the server has committed.
                let ids = Set(TrialLog.read(diary).map(\.id))
                try await eventually("the server has committed") {
                    let filter = OutboxFilter(Set(OutboxRecord.State.allCases), ids: ids)
                    return try await !self.store.outboxRecords(filter, after: 0, limit: 10).isEmpty
                }
            }
        } catch {
            proxy.cut()
            proxy.setSilent(false)
            proxy.setDeaf(false)
            writing.cancel()
            throw error
        }
        proxy.cut()
        proxy.setSilent(false)
        proxy.setDeaf(false)
        return try await writing.value
    }
}
