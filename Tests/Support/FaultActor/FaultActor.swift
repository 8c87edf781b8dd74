// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthFlows
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
        case "relay": try await restarting { try await serve(relay().services) }
        case "work": try await restarting { try await serve(worker().services) }
        case "write": try await write()
        default: throw Wrong(role)
        }
    }

    /// Starts services again that ended because a server could not be reached, as the supervisor of `auth-signals` and
    /// `auth-consumer` does with exit code 75.
    private func restarting(_ services: () async throws -> Void) async throws {
        while true {
            do { return try await services() } catch  where TrialStore.isTemporary(error) {
                logger.warning("ended; starting again", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: .milliseconds(100))
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
        let store = try await TrialStore.open(value("STORE"), logger: logger)
        return TrialRelay(
            from: store, try broker(), failpoints: RelayFailpoints { crash.reach($0.rawValue) },
            logger: logger)
    }

    private func worker() async throws -> TrialWorker {
        var settings = DispatcherSettings()
        settings.concurrency = Int(environment["CONCURRENCY"] ?? "") ?? 8
        if try value("EFFECTS").hasPrefix("postgres") {
            // A server that is away for seconds must not make a trial last for minutes.
            settings.retries = RetrySchedule(Array(repeating: .oneSecond, count: 600))
            settings.circuitBreaker = nil
        }
        var broker = try broker()
        broker.prefetch = 2 * settings.concurrency
        let topology = try ConsumerTopology(
            queue: value("QUEUE"), patterns: ["#"], singleActive: environment["SINGLE_ACTIVE"] != nil)
        let pause = Duration.milliseconds(Int(environment["PAUSE"] ?? "") ?? 0)
        let poison = environment["POISON"].flatMap { UUID(uuidString: $0) }
        return TrialWorker(
            topology, broker, effects: try await TrialEffects.open(value("EFFECTS"), logger: logger),
            log: try TrialLog(value("DIARY")), settings: settings, logger: logger,
            before: { context in
                if context.id == poison { kill(getpid(), SIGKILL) }
                crash.reach("beforeEffect")
                if pause > .zero { try await Task.sleep(for: pause) }
            },
            after: { _ in crash.reach("afterEffect") })
    }

    /// Commits transactions until the process is killed. While the store cannot be used, it tries again.
    private func write() async throws {
        let store = try await TrialStore.open(value("STORE"), logger: logger)
        let writer = TrialWriter(store, log: try TrialLog(value("DIARY")))
        var random = SeededGenerator(seed: UInt64(try value("SEED")) ?? 0)
        while true {
            do {
                try await writer.write(&random) { point in
                    crash.reach(point == .beforeCommit ? "beforeCommit" : "afterCommit")
                }
            } catch let error as any TemporaryFailure where error.secondsUntilRetry != nil {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
