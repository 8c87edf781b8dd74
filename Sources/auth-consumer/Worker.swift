// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthConsumer
import AuthHTTP
import AuthInbox
import AuthServiceKit
import AuthSignals
import Foundation
import Logging
import ServiceLifecycle

@main
enum AuthConsumerProgram {
    static func main() async {
        await CommandLineProgram.main(Worker.self, program: "auth-consumer")
    }
}

/// The example worker: consumes a queue of signals and runs Swift handlers.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth-consumer",
        abstract: "Consume a queue of signals and run Swift handlers.",
        discussion: """
            The queue, its retry queues and its dead-letter queue are declared if they do not exist. If a
            handler fails, its message is retried with increasing delays, and finally dead-lettered to
            NAME.dead. Settings: BROKER_URL, BROKER_EXCHANGE, INBOX_URL, SIGNALS_TOKEN_KEYS, LOG_LEVEL,
            LOG_FORMAT, METRICS_PORT; for the webhook handler, which posts every signal,
            CONSUMER_WEBHOOK_URL, CONSUMER_WEBHOOK_SECRET, CONSUMER_WEBHOOK_TIMEOUT, SSL_CERT_FILE,
            HTTPS_PROXY, NO_PROXY.
            """)

    @Option(help: "The name of the queue; workers with the same queue share its messages.")
    var queue: String

    @Option(
        parsing: .upToNextOption,
        help: "A pattern to bind the queue with: 'account.#', '*.user_logged_in', '#'. May be repeated.")
    var bind: [String]

    @Option(
        help: """
            The number of messages handled concurrently; messages of one subject are always handled one by one. By \
            default 8, and 1 with --single-active.
            """)
    var concurrency: Int?

    @Flag(
        help: """
            Declare the queue with a single active consumer, for strict order: only one worker receives messages, one \
            by one. It cannot be changed for an existing queue.
            """)
    var singleActive = false

    @Flag(
        help: """
            Keep bindings with patterns that are no longer given with --bind, and only log them. By default bindings \
            that a worker has made are removed.
            """)
    var keepBindings = false

    @Flag(inversion: .prefixedNo, help: "Print every signal (the log handler).")
    var log = true

    @Option(help: "The format of the log handler: table or json. Default: table on a terminal, else json.")
    var format: SignalLog.Format?

    @Flag(help: "Print addresses, names and profiles, too.")
    var full = false

    @Option(help: "A file to write the port of the metrics listener to, for example with METRICS_PORT=0.")
    var portFile: String?

    func run() async throws {
        let settings = try WorkerSettings(reading: ProcessEnvironment.settings())
        let metrics = settings.process.bootstrap()
        let logger = Logger(label: "auth-consumer")
        for warning in settings.warnings {
            logger.warning(
                "suspicious setting",
                metadata: ["name": "\(warning.name)", "reason": "\(warning.what)"])
        }
        let source = BrokerSource(
            try topology(), settings.broker(concurrency: handledAtATime, singleActive: singleActive),
            keepsBindings: keepBindings, logger: logger)
        let inbox = try settings.inbox()
        let lines = SignalLog(
            format: format ?? (isatty(STDOUT_FILENO) == 1 ? .table : .json), full: full,
            tokens: settings.tokens
        ) {
            FileHandle.standardOutput.write(Data($0.utf8))
        }
        let connections = HTTPConnections(
            settings.outgoing, connectTimeout: settings.webhook?.timeout ?? .seconds(10))
        let webhook = settings.webhook.map { Webhook($0, over: connections) }
        var dispatching = DispatcherSettings()
        dispatching.concurrency = handledAtATime
        let handlers = workerHandlers(log: log ? lines : nil, webhook: webhook, tokens: settings.tokens)
        let dispatcher = SignalDispatcher(
            from: source, handlers: handlers, inbox: inbox, settings: dispatching, logger: logger)

        // Services stop in reverse order, so that the source can still settle what the dispatcher finishes.
        var services: [any Service] = []
        if let port = settings.process.metricsPort {
            let health = HealthRoutes(metrics: metrics) {
                var parts = ["broker": "\(source.status)"]
                // A failed message that cannot be republished is redelivered again and again, so report not ready.
                if let fault = source.moveFault { parts["moving"] = "\(fault)" }
                return HealthRoutes.Report(
                    ready: source.status.isReady && source.moveFault == nil, parts: parts)
            }
            services.append(
                health.application(
                    host: settings.process.metricsHost, port: port,
                    portFile: portFile.map(PortFile.init(path:))))
        }
        let registration = HandlerRegistration(
            source: source, handlers: handlers, inbox: inbox, logger: logger)
        services += [registration, source, dispatcher]
        do {
            try await ServiceRunner.run(services, logger: logger)
        } catch {
            await connections.shutdown()
            throw error
        }
        await connections.shutdown()
    }

    func validate() throws {
        guard (1...1000).contains(handledAtATime) else {
            throw ValidationError("--concurrency must be from 1 to 1000")
        }
        guard !bind.isEmpty else { throw ValidationError("--bind requires at least one pattern") }
        // The broker accepts any text; a pattern that cannot match any signal's name is a typo.
        for pattern in bind where (try? SignalPattern(validating: pattern))?.canMatchSignals == false {
            throw ValidationError(
                "--bind: '\(pattern)' cannot match any signal: names are two or more words of a-z, 0-9 and _, "
                    + "separated by dots; * and # stand for words"
            )
        }
        _ = try topology()
    }

    private var handledAtATime: Int { concurrency ?? (singleActive ? 1 : 8) }

    private func topology() throws -> ConsumerTopology {
        do {
            return try ConsumerTopology(
                queue: queue, patterns: bind.map { try SignalPattern(validating: $0) },
                singleActive: singleActive)
        } catch let error as BrokerError {
            throw ValidationError("--queue: \(error.message)")
        } catch let error as SignalError {
            throw ValidationError("--bind: \(error.message)")
        }
    }
}

extension SignalLog.Format: ExpressibleByArgument {}

/// Registers the worker's handlers and bindings in the inbox as soon as its queue is bound, so that
/// `auth-signals outbox verify --inbox` can compare them with the emitted signals.
private struct HandlerRegistration: Service {
    let source: BrokerSource
    let handlers: SignalHandlers
    let inbox: SQLiteInbox
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await source.awaitConnected()
            do {
                try await inbox.register(
                    handlers, boundTo: source.topology.patterns, on: source.topology.queue, at: Date())
            } catch {
                logger.warning(
                    "registration of handlers in the inbox failed; outbox verify --inbox compares all signals",
                    metadata: ["error": "\(error)"])
            }
        }
        try? await gracefulShutdown()
    }
}
