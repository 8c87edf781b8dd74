// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthConsumer
import AuthHTTP
import AuthInbox
import AuthOperations
import AuthSignals
import Foundation
import Logging
import ServiceLifecycle

/// The companion worker: takes the signals of a queue and hands them to Swift handlers.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth-consumer",
        abstract: "Take the signals of a queue and hand them to Swift handlers.",
        discussion: """
            The queue, its retries and its dead letters are declared where they are missing. A handler that
            fails gets its message again, later and later; in the end it is in NAME.dead. Settings:
            BROKER_URL, BROKER_EXCHANGE, INBOX_URL, SIGNALS_TOKEN_KEYS, LOG_LEVEL, LOG_FORMAT, METRICS_PORT;
            and for the handler that posts every signal, CONSUMER_WEBHOOK_URL, CONSUMER_WEBHOOK_SECRET,
            CONSUMER_WEBHOOK_TIMEOUT, SSL_CERT_FILE, HTTPS_PROXY, NO_PROXY.
            """)

    @Option(help: "The name of this worker's queue; workers of one name share its messages.")
    var queue: String

    @Option(
        parsing: .upToNextOption,
        help: "What the queue is bound to: 'account.#', '*.user_logged_in', '#'. May be repeated.")
    var bind: [String]

    @Option(
        help: """
            How many messages are handled at a time; those of one user always one after the other. By default 8, \
            and 1 with --single-active.
            """)
    var concurrency: Int?

    @Flag(
        help: """
            Only one worker of this queue at a time is served, one message after the other: strict order. Fixed once \
            the queue exists.
            """)
    var singleActive = false

    @Flag(
        help: """
            Leave the queue bound with patterns that --bind does not name any more, and only log them. By default it is \
            unbound from those that a worker has bound it with.
            """)
    var keepBindings = false

    @Flag(inversion: .prefixedNo, help: "Print every signal: the log handler.")
    var log = true

    @Option(help: "How the log handler shows a signal: table or json. A table on a terminal, by default.")
    var format: SignalLog.Format?

    @Flag(help: "Show addresses, names and profiles, too.")
    var full = false

    @Option(help: "A file that gets the port of the metrics page once it listens; with METRICS_PORT=0, say.")
    var portFile: String?

    func run() async throws {
        let settings = try WorkerSettings(reading: Environment.settings())
        let metrics = settings.operation.bootstrap()
        let logger = Logger(label: "auth-consumer")
        for warning in settings.warnings {
            logger.warning(
                "a setting is most likely a mistake",
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
        var configuration = DispatcherConfiguration()
        configuration.concurrency = handledAtATime
        let handlers = workerHandlers(log: log ? lines : nil, webhook: webhook, tokens: settings.tokens)
        let dispatcher = SignalDispatcher(
            from: source, handlers: handlers, inbox: inbox, configuration: configuration, logger: logger)

        // They end in reverse order: the dispatcher finishes what it has while the source can still settle it.
        var services: [any Service] = []
        if let port = settings.operation.metricsPort {
            let health = HealthRoutes(metrics: metrics) {
                var parts = ["broker": "\(source.status)"]
                // Who fails and cannot be set aside comes again and again.
                if let fault = source.moveFault { parts["moving"] = "\(fault)" }
                return HealthRoutes.Report(
                    ready: source.status.isReady && source.moveFault == nil, parts: parts)
            }
            services.append(
                health.application(
                    host: settings.operation.metricsHost, port: port,
                    portFile: portFile.map(PortFile.init(path:))))
        }
        let registration = WorkRegistration(source: source, handlers: handlers, inbox: inbox, logger: logger)
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
        guard !bind.isEmpty else { throw ValidationError("--bind wants at least one pattern") }
        // The broker takes any text; one that no signal's name can match is a slip.
        for pattern in bind where (try? SignalPattern(validating: pattern))?.canMatchSignals == false {
            throw ValidationError(
                "--bind: '\(pattern)' can match no signal: names are two or more words of a-z, 0-9 and _, with dots "
                    + "between; * and # stand for words"
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
