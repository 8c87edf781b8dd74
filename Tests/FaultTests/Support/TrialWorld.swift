// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthRelay
import AuthSignals
import AuthStore
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import InMemoryLogging
import Logging
import ProgramSupport
import ToolSupport

/// One trial's installation: a store, an exchange, a worker's queues, and a tap queue with the same bindings that is
/// only read at the end.
final class TrialWorld: Sendable {
    let broker: PrivateBroker
    let installation: Installation
    let store: any OperatedStore
    let effects: TrialEffects
    /// The URL of a PostgreSQL store; nil for SQLite.
    let database: String?
    let topology: ConsumerTopology
    /// The queue that is only read at the end.
    let tap: String
    let seed: UInt64
    let records = InMemoryLogHandler()
    let logger: Logger

    /// The ids that an operator republished or requeued, and the ids that a worker dead-lettered.
    let resent = Locked<Set<UUID>>([])
    let dead = Locked<Set<UUID>>([])
    /// The ids handled by another kind of worker, in order.
    let elsewhere = Locked<[UUID]>([])
    /// Whether effects must be in strict order.
    let isStrict = Locked(false)
    /// Whether another client has returned deliveries: their order is then not defined.
    let wasReturned = Locked(false)
    /// The processes that the trial has started, and whether each is expected to kill itself.
    let actors = Locked<[(program: Program, killsItself: Bool)]>([])
    private let random: Locked<SeededGenerator>
    private let diaries = Locked<[String]>([])
    private let writerDiaries = Locked<[String]>([])

    /// - Parameters:
    ///   - place: the folder of a SQLite store; nil: that of the installation.
    ///   - database: the URL of a PostgreSQL store, which then also has the effects and the inbox.
    init(
        _ broker: PrivateBroker, seed: UInt64, singleActive: Bool = false,
        store place: String? = nil, database: String? = nil
    ) async throws {
        self.broker = broker
        self.database = database
        self.seed = seed
        random = Locked(SeededGenerator(seed: seed))
        var settings = ["SECRET_KEY": TrialCodec.secret, "SIGNALS_SOURCE": TrialCodec.source]
        if let place { settings["STORE_URL"] = "sqlite:\(place)/auth.sqlite" }
        if let database { settings.merge(["STORE_URL": database, "INBOX_URL": database]) { $1 } }
        installation = try await Installation(broker: broker.url, settings: settings)
        let records = records
        var logger = Logger(label: "trial") { _ in records }
        logger.logLevel = .debug
        self.logger = logger
        store = try await TrialStore.open(installation.environment["STORE_URL"] ?? "", logger: logger)
        effects = try await TrialEffects.open(
            database ?? "sqlite:" + installation.folder.path("effects.sqlite"), logger: logger)
        topology = try ConsumerTopology(
            queue: installation.name(of: "work"), patterns: ["#"], singleActive: singleActive)
        tap = installation.name(of: "tap")
        try await declare()
    }

    // MARK: Broker

    /// The configuration for a direct connection to the broker.
    var settings: BrokerSettings {
        get throws {
            var settings = try installation.broker
            settings.connectionName = "trial"
            settings.firstPause = .milliseconds(50)
            settings.longestPause = .milliseconds(500)
            return settings
        }
    }

    /// The configuration for a connection through a proxy.
    func settings(through proxy: LoopbackProxy) throws -> BrokerSettings {
        var settings = try settings
        settings.urls = [BrokerURL(host: "127.0.0.1", port: Int(proxy.port))]
        return settings
    }

    var admin: BrokerAdmin { get throws { BrokerAdmin(try settings) } }

    /// Declares all missing objects at the broker.
    func declare() async throws {
        try await admin.declareExchange()
        try await admin.declare(topology)
        try await declareTap()
    }

    /// Deletes all of the trial's objects from the broker.
    func remove() async throws {
        try await admin.delete(topology)
        try await deleteTap()
    }

    /// Closes the connections to the database.
    func close() async {
        await store.closeConnections()
        await effects.closeConnections()
    }

    // MARK: Random numbers

    func number(in range: ClosedRange<Int>) -> Int {
        random.change { Int.random(in: range, using: &$0) }
    }

    /// A separate generator for one part of the trial, so that concurrent parts are repeatable.
    func generator() -> SeededGenerator { random.change { SeededGenerator(seed: $0.next()) } }

    // MARK: Diaries

    /// The path of a new worker's diary.
    func newDiary() -> String { newDiary(diaries) }

    /// The path of a new writer's diary.
    func newWriterDiary() -> String { newDiary(writerDiaries) }

    private func newDiary(_ list: Locked<[String]>) -> String {
        let path = installation.folder.path("diary-\(UUID().uuidString)")
        list.change { $0.append(path) }
        return path
    }

    /// Collects the evidence.
    ///
    /// - Parameter emptyingTap: whether the tap queue is read, which is only possible once, at the end.
    func evidence(emptyingTap: Bool = true) async throws -> Evidence {
        var evidence = Evidence()
        let everything = OutboxFilter(Set(OutboxRecord.State.allCases))
        evidence.commits = try await reading {
            try await store.outboxRecords(everything, after: 0, limit: .max)
        }.map(Evidence.Commit.init)
        for entry in writerDiaries.value.flatMap(TrialLog.read) {
            if entry.word == .promised { evidence.promised.insert(entry.id) }
            if entry.word == .rolledBack { evidence.rolledBack.insert(entry.id) }
        }
        evidence.runs = diaries.value.map { path in
            Evidence.runs(TrialLog.read(path).map { ($0.word == .begin, $0.id, $0.attempt) })
        }
        evidence.effects = try await reading { try await effects.all() } + elsewhere.value
        if emptyingTap { evidence.arrivals = [try await emptyTap()] }
        evidence.dead = dead.value
        evidence.resent = resent.value
        evidence.isStrict = isStrict.value
        evidence.wasRedelivered =
            wasReturned.value || evidence.runs.count { !$0.isEmpty } > 1
            || timesConnected("trial consumer") > 1
            || actors.value.contains { $0.program.timesConnected("fault-actor consumer") > 1 }
        return evidence
    }
}

extension Evidence.Commit {
    init(_ record: OutboxRecord) {
        let state: State =
            switch record.state {
            case .pending: .pending
            case .confirmed: .confirmed
            case .unrouted: .unrouted
            case .parked: .parked
            }
        self.init(
            id: record.row.draft.id, sequence: record.row.sequence, subject: record.row.draft.subject,
            state: state, wasNacked: record.row.attempts > 0)
    }
}
