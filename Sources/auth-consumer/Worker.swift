// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthHTTP
import AuthServiceKit
import AuthSignals
import AuthWorker
import Foundation

/// The worker that needs no code: its handlers print signals (`log`) and post them to a webhook (`webhook`). A worker
/// with handlers of its own is a package of its own: docs/worker.md.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: AuthConsumerProgram.name,
        abstract: "Consume a queue of signals and run Swift handlers.",
        discussion: """
            The queue, its retry queues and its dead-letter queue are declared if they do not exist. If a
            handler fails, its message is retried with increasing delays, and finally dead-lettered to
            NAME.dead. Settings: BROKER_URL, BROKER_EXCHANGE, INBOX_URL (sqlite:PATH, or postgres://… for
            workers on several hosts), SIGNALS_TOKEN_KEYS, CONSUMER_IN_FLIGHT_BYTES, LOG_LEVEL, LOG_FORMAT,
            METRICS_PORT, OTEL_EXPORTER_OTLP_ENDPOINT; for the webhook handler, which posts every signal, CONSUMER_WEBHOOK_URL,
            CONSUMER_WEBHOOK_SECRET, CONSUMER_WEBHOOK_TIMEOUT, SSL_CERT_FILE, HTTPS_PROXY, NO_PROXY.
            """)

    @OptionGroup var worker: WorkerOptions

    @Flag(inversion: .prefixedNo, help: "Print every signal (the log handler).")
    var log = true

    @Option(help: "The format of the log handler: table or json. Default: table on a terminal, else json.")
    var format: SignalLog.Format?

    @Flag(help: "Print addresses, names and profiles, too.")
    var full = false

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        var settings = WorkerSettings(reading: &reader)
        let webhook = WebhookSettings(reading: &reader)
        let outgoing = OutgoingHTTP(reading: &reader)
        settings.warnings = reader.warnings
        try reader.check()

        var handlers = SignalHandlers()
        if log {
            let format = format ?? (isatty(STDOUT_FILENO) == 1 ? .table : .json)
            let lines = SignalLog(format: format, full: full, tokens: settings.tokens)
            handlers.on(matching: "#", as: "log") { event, context in try lines.write(event, context) }
        }
        let connections = HTTPConnections(outgoing, connectTimeout: webhook?.timeout ?? .seconds(10))
        if let webhook {
            let webhook = Webhook(webhook, over: connections)
            handlers.on(matching: "#", as: "webhook") { event, _ in try await webhook.post(event) }
        }
        let inbox = WorkerInbox()
        try await SignalWorker(worker, handlers: handlers, settings: settings) { url, concurrency, logger in
            try await inbox.open(url, concurrency: concurrency, logger: logger)
        }.run(as: AuthConsumerProgram.name)
        await inbox.close()
        await connections.shutdown()
    }
}
