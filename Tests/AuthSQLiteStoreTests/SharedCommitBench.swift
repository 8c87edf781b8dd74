// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import Dispatch
import Foundation
import GRDB
import Synchronization

@testable import AuthSQLiteStore

/// Counts the commits of a writing connection, and refuses them on request.
final class CommitRecorder: TransactionObserver, Sendable {
    struct Refusal: Error {}
    private struct State {
        var count = 0
        var attempts = 0
        var refused: Int?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }

    /// - Parameter every: 1: every commit is refused; 2: every second one; nil: none.
    func refuse(every: Int?) { state.withLock { $0.refused = every } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws {
        let isRefused = state.withLock { state in
            state.attempts += 1
            return state.refused.map { state.attempts % $0 == 0 } ?? false
        }
        if isRefused { throw Refusal() }
    }
    func databaseDidCommit(_ db: Database) { state.withLock { $0.count += 1 } }
    func databaseDidRollback(_ db: Database) {}
}

/// A store that lets a test queue transactions behind a running one, so that they share a commit.
final class SharedCommitBench: Sendable {
    let folder: TemporaryFolder
    let store: SQLiteStore
    let received = Notes<Int>()
    let recorder = CommitRecorder()

    init() async throws {
        folder = try TemporaryFolder()
        var receivers = SignalHandlers()
        receivers.on(ThingHappened.self, as: "note") { [received] signal, _ in received.add(signal.number) }
        store = try await folder.store(receivers: receivers)
        try await store.transaction { (transaction: SQLiteTransaction) in
            try transaction.database.execute(
                sql: """
                    CREATE TABLE running (number INTEGER);
                    CREATE TABLE thing (number INTEGER PRIMARY KEY);
                    CREATE TABLE part (thing INTEGER REFERENCES thing DEFERRABLE INITIALLY DEFERRED);
                    """)
        }
        store.database.add(transactionObserver: recorder)
    }

    /// Calls `body` for the numbers up to `count`: all transactions that it starts wait for one that is running.
    ///
    /// - Parameter queued: Called when all of them wait.
    /// - Returns: the results by number.
    func together(
        _ count: Int, queued: @Sendable () async throws -> Void = {},
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws -> [Result<Void, any Error>] {
        let isHeld = Locked(false)
        let release = DispatchSemaphore(value: 0)
        let holding = Task { [store] in
            try await store.transaction { (transaction: SQLiteTransaction) in
                try transaction.database.execute(sql: "INSERT INTO running VALUES (1)")
                isHeld.change { $0 = true }
                release.wait()
            }
        }
        let results: [Int: Result<Void, any Error>]
        do {
            // Also releases the transaction if the test fails meanwhile.
            defer { release.signal() }
            try await eventually("a transaction is running") { isHeld.value }
            results = try await withThrowingTaskGroup(of: (Int, Result<Void, any Error>).self) { group in
                for number in 0..<count {
                    group.addTask {
                        do { return (number, .success(try await body(number))) } catch {
                            return (number, .failure(error))
                        }
                    }
                }
                do {
                    try await eventually("all transactions wait") { self.store.writes.load.waiting == count }
                    try await queued()
                } catch {
                    release.signal()
                    throw error
                }
                release.signal()
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }
        // The running transaction, too, can fail.
        _ = await holding.result
        return (0..<count).compactMap { results[$0] }
    }

    /// Inserts a row and emits a signal with the same number.
    static func write(_ number: Int, _ transaction: SQLiteTransaction) throws {
        try transaction.database.execute(sql: "INSERT INTO thing VALUES (?)", arguments: [number])
        try transaction.emit(ThingHappened(number))
    }

    func things() async throws -> [Int] {
        try await store.read { (reading: SQLiteReading) in
            try Int.fetchAll(reading.database, sql: "SELECT number FROM thing ORDER BY number")
        }
    }

    func signals() async throws -> [Int] { try await store.pending().compactMap(\.number) }
}

extension Result where Success == Void {
    var isSuccess: Bool { if case .success = self { true } else { false } }
}

extension [Result<Void, any Error>] {
    /// The positions of the successes.
    var successes: [Int] { indices.filter { self[$0].isSuccess } }
}
