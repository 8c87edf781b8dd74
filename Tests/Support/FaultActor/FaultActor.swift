// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthRelay
import AuthSignals
import AuthStore
import FaultSupport
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import ToolSupport

/// A process that the fault suite starts and kills: a relay, a worker or a writer.
@main
struct FaultActor {
    private let environment = ProcessInfo.processInfo.environment
    private let logger: Logger
    private let crash: CrashPoint

    static func main() async throws {
        try await FaultActor().run(CommandLine.arguments.dropFirst().first ?? "")
    }

    private init() {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "fault-actor")
        logger.logLevel = .debug
        self.logger = logger
        crash = CrashPoint(environment["CRASH"])
    }

    private func run(_ role: String) async throws {
        switch role {
        case "relay": try await serve(relay().services)
        case "work": try await serve(worker().services)
        case "write": try await write()
        default: throw Wrong(role)
        }
    }

    private struct Wrong: Error {
        var what: String
        init(_ what: String) { self.what = what }
    }

    private func value(_ name: String) throws -> String {
        guard let value = environment[name] else { throw Wrong(name) }
        return value
    }

    private func broker() throws -> BrokerSettings {
        var broker = BrokerSettings(urls: try BrokerURL.list(value("BROKER_URL")))
        broker.exchange = try value("BROKER_EXCHANGE")
        broker.connectionName = "fault-actor"
        broker.firstPause = .milliseconds(50)
        broker.longestPause = .milliseconds(500)
        if let first = environment["FIRST_PREFETCH"].flatMap({ Int($0) }) { broker.firstPrefetch = first }
        if let seconds = environment["CONFIRM_SECONDS"].flatMap({ Int($0) }) {
            broker.confirmTimeout = .seconds(seconds)
        }
        return broker
    }

    private func serve(_ services: [any Service]) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm],
                logger: logger))
        try await group.run()
    }

    private func relay() async throws -> TrialRelay {
        let store = try await SQLiteStore.trial(value("STORE"), logger: logger)
        return TrialRelay(
            from: store, try broker(), failpoints: RelayFailpoints { crash.reach($0.rawValue) },
            logger: logger)
    }

    private func worker() throws -> TrialWorker {
        var settings = DispatcherSettings()
        settings.concurrency = Int(environment["CONCURRENCY"] ?? "") ?? 8
        var broker = try broker()
        broker.prefetch = 2 * settings.concurrency
        let topology = try ConsumerTopology(
            queue: value("QUEUE"), patterns: ["#"], singleActive: environment["SINGLE_ACTIVE"] != nil)
        let pause = Duration.milliseconds(Int(environment["PAUSE"] ?? "") ?? 0)
        let poison = environment["POISON"].flatMap { UUID(uuidString: $0) }
        return TrialWorker(
            topology, broker, effects: try TrialEffects(value("EFFECTS")), log: try TrialLog(value("DIARY")),
            settings: settings, logger: logger,
            before: { context in
                if context.id == poison { kill(getpid(), SIGKILL) }
                crash.reach("beforeEffect")
                if pause > .zero { try await Task.sleep(for: pause) }
            },
            after: { _ in crash.reach("afterEffect") })
    }

    /// Commits transactions until the process is killed.
    private func write() async throws {
        let store = try await SQLiteStore.trial(value("STORE"), logger: logger)
        let writer = TrialWriter(store, log: try TrialLog(value("DIARY")))
        var random = SeededGenerator(seed: UInt64(try value("SEED")) ?? 0)
        while true {
            try await writer.write(&random) { point in
                crash.reach(point == .beforeCommit ? "beforeCommit" : "afterCommit")
            }
        }
    }
}
