// SPDX-License-Identifier: Apache-2.0
import AuthBroker
public import AuthConsumer
import AuthServiceKit
public import AuthSignals
import AuthTelemetry
import Foundation
public import Logging
public import ServiceLifecycle
import Synchronization

/// A worker: consumes a queue of signals and runs Swift handlers, with an inbox, retries and dead letters.
///
/// ```swift
/// var handlers = SignalHandlers()
/// handlers.on(UserLoggedIn.self, as: "welcome") { signal, context in
///     context.logger.info("welcome back", metadata: ["user": "\(signal.user.id)"])
/// }
/// try await SignalWorker(queue: "welcome", patterns: ["account.#"], handlers: handlers).run()
/// ```
///
/// This is a complete program. It reads the settings of ``WorkerSettings`` from the environment, sets up logging and
/// metrics, serves `/metrics`, `/livez` and `/readyz` if `METRICS_PORT` is set, and shuts down gracefully at SIGTERM or
/// SIGINT. It exports traces if `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
///
/// In an application, pass the worker to its `ServiceGroup`, which then decides when the worker stops. There the worker
/// leaves logging, metrics, traces, UNIX signals and the process itself to the application; ``readiness`` is for its own health
/// page:
///
/// ```swift
/// let worker = SignalWorker(queue: "billing", patterns: ["account.#"], handlers: handlers, logger: logger)
/// let group = ServiceGroup(
///     services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
/// try await group.run()
/// ```
public final class SignalWorker: Service {
    /// What is passed to the worker's parts when it starts.
    private struct Configuration {
        var queue: String
        var patterns: [SignalPattern]
        var handlers: SignalHandlers
        var singleActive: Bool
        var keepsBindings: Bool
        var dispatching: DispatcherSettings
        var portFile: PortFile?
        var inbox: (any Inbox)?
        var openInbox: InboxOpener?
        var settings: WorkerSettings?
        var logger: Logger?
    }

    /// The parts of a running worker.
    private struct Parts {
        var source: BrokerSource
        var dispatcher: SignalDispatcher
        /// In the order in which a group starts them; it stops them in reverse order, so that the source can still
        /// settle what the dispatcher finishes.
        var services: [any Service]
    }

    private let configuration: Configuration
    private let running = Mutex<Parts?>(nil)

    /// - Parameters:
    ///   - queue: the name of the queue, 1 to 200 bytes; workers with the same queue share its messages. The queue,
    ///     its retry queues and its dead-letter queue are declared if they do not exist.
    ///   - patterns: the signals that the queue receives, such as `account.#`; at least one for every handler.
    ///   - handlers: the handlers.
    ///   - singleActive: whether only one worker at a time receives messages, one by one, for strict order. It cannot
    ///     be changed for an existing queue.
    ///   - keepsBindings: whether the queue stays bound with patterns that a worker bound earlier and that are no
    ///     longer in `patterns`.
    ///   - dispatching: the worker's concurrency, retries and limits; by default `DispatcherSettings()`, with a
    ///     concurrency of 1 if the worker is `singleActive`. Settings of your own need that 1, too, for strict order.
    ///   - inbox: by default the file of `INBOX_URL`. `SQLiteInbox(pool:)` and `PostgresInbox(pool:)` share the
    ///     application's database; a `PostgresInbox` is also shared by workers on other hosts.
    ///   - settings: by default those of the process's environment, read when the worker starts.
    ///   - logger: by default one that is labelled with the name of the executable. ``run(as:)`` bootstraps logging
    ///     and metrics in any case: a program that does so itself runs the worker in a `ServiceGroup`.
    public init(
        queue: String, patterns: [SignalPattern], handlers: SignalHandlers, singleActive: Bool = false,
        keepsBindings: Bool = false, dispatching: DispatcherSettings? = nil, inbox: (any Inbox)? = nil,
        settings: WorkerSettings? = nil, logger: Logger? = nil
    ) {
        var standard = DispatcherSettings()
        if singleActive { standard.concurrency = 1 }
        configuration = Configuration(
            queue: queue, patterns: patterns, handlers: handlers, singleActive: singleActive,
            keepsBindings: keepsBindings, dispatching: dispatching ?? standard, inbox: inbox,
            settings: settings, logger: logger)
    }

    /// A worker with the options of a command line.
    ///
    /// - Parameters:
    ///   - options: the options; an executable's own command has them as an `@OptionGroup`.
    ///   - handlers: the handlers.
    ///   - dispatching: retries and limits; the concurrency is that of the options.
    ///   - inbox: by default the file of `INBOX_URL`. `SQLiteInbox(pool:)` and `PostgresInbox(pool:)` share the
    ///     application's database; a `PostgresInbox` is also shared by workers on other hosts.
    ///   - settings: by default those of the process's environment, read when the worker starts.
    ///   - logger: by default one that is labelled with the name of the executable.
    public convenience init(
        _ options: WorkerOptions, handlers: SignalHandlers,
        dispatching: DispatcherSettings = DispatcherSettings(), inbox: (any Inbox)? = nil,
        settings: WorkerSettings? = nil, logger: Logger? = nil
    ) {
        self.init(
            options, handlers: handlers, dispatching: dispatching, inbox: inbox, openInbox: nil,
            settings: settings, logger: logger)
    }

    /// Opens the inbox of a URL that is not a file, for a concurrency of the handlers.
    ///
    /// It returns nil if the worker opens the URL itself. Its errors end a program as those of the settings do.
    package typealias InboxOpener =
        @Sendable (_ url: InboxURL, _ concurrency: Int, _ logger: Logger) async throws -> (any Inbox)?

    /// A worker with the options of a command line, for a program that knows more kinds of inboxes.
    ///
    /// - Parameter openInbox: called when the worker starts, after logging was set up.
    package convenience init(
        _ options: WorkerOptions, handlers: SignalHandlers, settings: WorkerSettings,
        openInbox: @escaping InboxOpener
    ) {
        self.init(
            options, handlers: handlers, dispatching: DispatcherSettings(), inbox: nil, openInbox: openInbox,
            settings: settings, logger: nil)
    }

    private init(
        _ options: WorkerOptions, handlers: SignalHandlers, dispatching: DispatcherSettings,
        inbox: (any Inbox)?, openInbox: InboxOpener?, settings: WorkerSettings?, logger: Logger?
    ) {
        var dispatching = dispatching
        dispatching.concurrency = options.handledAtATime
        configuration = Configuration(
            queue: options.queue, patterns: options.patterns, handlers: handlers,
            singleActive: options.singleActive, keepsBindings: options.keepBindings, dispatching: dispatching,
            portFile: options.portFile.map(PortFile.init(path:)), inbox: inbox, openInbox: openInbox,
            settings: settings, logger: logger)
    }

    // MARK: Running

    /// Runs the worker as a complete program, until SIGTERM or SIGINT: it takes nothing new, finishes the messages in
    /// flight within 25 seconds, and returns. A second signal ends the process immediately.
    ///
    /// If the worker fails, one line on standard error says why, and the process ends: with exit code 2 if settings are
    /// wrong, which the line lists, and 1 otherwise.
    ///
    /// An application with services of its own does not call this, but passes the worker to its `ServiceGroup`.
    ///
    /// - Parameter program: the name of the program in log lines and errors, and of its connections at the broker; by
    ///   default that of the executable.
    /// - Throws: `CancellationError` if the task is cancelled.
    public func run(as program: String? = nil) async throws {
        let program = program ?? Self.executable
        do {
            let settings = try configuration.settings ?? WorkerSettings.environment()
            let metrics = settings.process.bootstrap()
            // Before the parts that ask for the tracer are created; stopped last, since it comes first.
            let traces = settings.traces?.bootstrap()
            let logger = configuration.logger ?? Logger(label: program)
            let parts = try await start(settings, as: program, logger: logger)
            defer { running.withLock { $0 = nil } }
            let page = page(settings.process, metrics: metrics)
            try await ServiceRunner.run(
                [traces, page].compactMap(\.self) + parts.services, logger: logger)
        } catch let error as CancellationError {
            throw error
        } catch {
            Self.failure(error).exit(program: program)
        }
    }

    /// Runs the worker as a part of an application, until a graceful shutdown of the `ServiceGroup` that calls this.
    ///
    /// A direct call, `worker.run()`, runs ``run(as:)`` instead, as with `ServiceGroup` itself; a service of yours that
    /// wraps a worker calls this function through the protocol: `(worker as any Service).run()`.
    ///
    /// - Throws: `SettingFaults` with every wrong setting, `BrokerError` for an invalid name of the queue, or the error
    ///   that stopped the worker.
    @_disfavoredOverload
    public func run() async throws {
        let settings = try configuration.settings ?? WorkerSettings.environment()
        let logger = configuration.logger ?? Logger(label: Self.executable)
        let parts = try await start(settings, as: Self.executable, logger: logger)
        defer { running.withLock { $0 = nil } }
        var group = ServiceGroupConfiguration(services: parts.services, logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(30)
        try await ServiceGroup(configuration: group).run()
    }

    private func start(
        _ settings: WorkerSettings, as program: String, logger: Logger
    ) async throws -> Parts {
        for warning in settings.warnings {
            logger.warning(
                "suspicious setting", metadata: ["name": "\(warning.name)", "reason": "\(warning.what)"])
        }
        if configuration.singleActive, configuration.dispatching.concurrency > 1 {
            logger.warning(
                "order is kept per subject only; a concurrency of 1 keeps it for the whole queue",
                metadata: ["concurrency": "\(configuration.dispatching.concurrency)"])
        }
        for pattern in configuration.patterns where !pattern.canMatchSignals {
            logger.warning("pattern cannot match any signal", metadata: ["pattern": "\(pattern)"])
        }
        let topology = try ConsumerTopology(
            queue: configuration.queue, patterns: configuration.patterns,
            singleActive: configuration.singleActive)
        let inbox = try await openInbox(settings, logger: logger)
        let dispatching = configuration.dispatching
        let source = BrokerSource(
            topology,
            settings.broker(
                as: program, concurrency: dispatching.concurrency,
                batch: configuration.handlers.all.compactMap { $0.batch?.size }.max() ?? 1,
                singleActive: topology.isSingleActive),
            keepsBindings: configuration.keepsBindings, logger: logger)
        let dispatcher = SignalDispatcher(
            from: source, handlers: configuration.handlers, inbox: inbox, settings: dispatching,
            logger: logger)
        var services: [any Service] = [source, dispatcher]
        if let inbox = inbox as? any OperatedInbox {
            services.insert(
                HandlerRegistration(
                    source: source, handlers: configuration.handlers, inbox: inbox, logger: logger), at: 0)
        }
        let parts = Parts(source: source, dispatcher: dispatcher, services: services)
        running.withLock { $0 = parts }
        return parts
    }

    private func openInbox(_ settings: WorkerSettings, logger: Logger) async throws -> any Inbox {
        if let inbox = configuration.inbox { return inbox }
        let concurrency = configuration.dispatching.concurrency
        if let inbox = try await configuration.openInbox?(settings.inbox, concurrency, logger) {
            return inbox
        }
        return try settings.openInbox()
    }

    /// The name of the executable that runs, without its folder.
    private static var executable: String {
        ProcessEnvironment.program
    }

    private static func failure(_ error: any Error) -> ProcessFailure {
        switch error {
        case let failure as ProcessFailure: failure
        case let faults as SettingFaults: ProcessFailure(faults)
        case let error as BrokerError where error.code == .invalidValue:
            ProcessFailure(.usage, error.message)
        default: ProcessFailure(.failed, "\(error)")
        }
    }

    // MARK: Readiness

    /// Whether a worker is ready, and the state of its parts: the content of `/readyz`.
    public struct Readiness: Hashable, Sendable {
        /// Whether the queue is consumed and failed messages can be republished.
        public var isReady: Bool
        /// The states by part: `broker`; `moving`, with the reason why the last failed message could not be
        /// republished; `circuit.NAME`, `open` or `half_open`, for a handler that is stopped because all its messages
        /// fail.
        public var parts: [String: String]
    }

    /// Whether the worker is ready; not ready before it runs and after it has ended.
    public var readiness: Readiness {
        guard let running = running.withLock({ $0 }) else { return Readiness(isReady: false, parts: [:]) }
        let source = running.source
        var parts = ["broker": "\(source.status)"]
        // A failed message that cannot be republished is redelivered again and again, so report not ready.
        let fault = source.moveFault
        if let fault { parts["moving"] = "\(fault)" }
        // An open circuit is not a reason to restart the worker or to hold a deployment back.
        for (handler, state) in running.dispatcher.circuits where state != .closed {
            parts["circuit.\(handler)"] = state.rawValue
        }
        return Readiness(isReady: source.status.isReady && fault == nil, parts: parts)
    }

    /// The page with `/metrics`, `/livez` and `/readyz`; nil if `METRICS_PORT` is not set.
    private func page(_ settings: ProcessSettings, metrics: PrometheusMetrics) -> (any Service)? {
        guard let port = settings.metricsPort else { return nil }
        let health = HealthRoutes(metrics: metrics) { [self] in
            let readiness = readiness
            return HealthRoutes.Report(ready: readiness.isReady, parts: readiness.parts)
        }
        return health.application(
            host: settings.metricsHost, port: port, portFile: configuration.portFile)
    }
}

/// Registers the worker's handlers and bindings in the inbox as soon as its queue is bound, so that
/// `auth-signals outbox verify --inbox` can compare them with the emitted signals.
private struct HandlerRegistration: Service {
    let source: BrokerSource
    let handlers: SignalHandlers
    let inbox: any OperatedInbox
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await source.awaitConnected()
            do {
                try await inbox.register(
                    handlers, boundTo: source.topology.patterns, on: source.topology.queue, at: Date())
            } catch let error as CancellationError {
                throw error
            } catch {
                logger.warning(
                    "registration of handlers in the inbox failed; outbox verify --inbox compares all signals",
                    metadata: ["error": "\(error)"])
            }
        }
        try? await gracefulShutdown()
    }
}
