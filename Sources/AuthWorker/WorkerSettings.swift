// SPDX-License-Identifier: Apache-2.0
public import AuthBroker
public import AuthConsumer
import AuthSQLiteInbox
package import AuthServiceKit
public import AuthSignals
package import AuthTelemetry

/// The settings of a worker.
///
/// ```swift
/// var reader = SettingsReader(ProcessInfo.processInfo.environment)
/// let settings = WorkerSettings(reading: &reader)
/// try reader.check()  // throws one error with every fault
/// ```
public struct WorkerSettings: Sendable {
    /// The broker: `BROKER_URL`, `BROKER_EXCHANGE`. A worker sets the prefetch to match its concurrency, and names its
    /// connections after the program unless a name is set here.
    public var broker: BrokerSettings
    /// `INBOX_URL`: a file that the workers of one host share; `sqlite:./inbox.sqlite` by default. For PostgreSQL pass a
    /// `PostgresInbox` to the worker; `auth-consumer` opens one.
    public var inbox: InboxURL
    /// `SIGNALS_TOKEN_KEYS`: opens the sealed tokens of providers in signals.
    public var tokens: TokenOpener
    /// Settings that are valid but most likely a mistake; the worker logs them.
    public var warnings: [SettingFault]
    /// `LOG_LEVEL`, `LOG_FORMAT`, `METRICS_HOST`, `METRICS_PORT`: used if the worker is a complete program.
    package var process: ProcessSettings
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` and others: used if the worker is a complete program; nil if no traces are exported.
    package var traces: TraceSettings?

    /// Reads the settings. Faults are recorded in the reader, whose `check()` throws them together.
    public init(reading reader: inout SettingsReader) {
        process = ProcessSettings(reading: &reader)
        broker = BrokerSettings(reading: &reader)
        inbox = InboxURL(reading: &reader)
        tokens = TokenOpener(TokenKeys(reading: &reader))
        traces = TraceSettings(reading: &reader, service: ProcessEnvironment.program)
        warnings = reader.warnings
    }

    /// The settings of the process's environment.
    ///
    /// - Throws: `SettingFaults` with every wrong setting.
    public static func environment() throws(SettingFaults) -> WorkerSettings {
        var reader = ProcessEnvironment.settings()
        let settings = WorkerSettings(reading: &reader)
        try reader.check()
        return settings
    }

    /// Sets the prefetch to twice the concurrency, so that handlers need not wait for the next message, or to twice the
    /// largest batch, so that the next one is collected meanwhile. With a single active consumer it equals the
    /// concurrency: prefetched messages would be returned to the queue, and counted, each time another message crashes
    /// the process.
    ///
    /// - Parameter batch: the size of the largest batch of a handler.
    func broker(
        as program: String, concurrency: Int, batch: Int = 1, singleActive: Bool
    ) -> BrokerSettings {
        var broker = broker
        if broker.connectionName == BrokerSettings().connectionName { broker.connectionName = program }
        let prefetch = max(1, singleActive ? concurrency : max(concurrency, batch))
        broker.prefetch = min(
            min(prefetch, Self.largestPrefetch) * (singleActive ? 1 : 2), Self.largestPrefetch)
        return broker
    }

    /// AMQP's largest prefetch.
    private static let largestPrefetch = 65_535

    /// Opens an inbox in a file.
    ///
    /// - Throws: `ProcessFailure`, also for an inbox in PostgreSQL.
    func openInbox() throws -> any Inbox {
        switch inbox {
        case .sqlite(let path):
            do { return try SQLiteInbox(path: path) } catch {
                throw ProcessFailure(.usage, "INBOX_URL: \(error)")
            }
        case .postgres:
            throw ProcessFailure(
                .usage,
                "INBOX_URL: this worker opens sqlite:PATH only; pass a PostgresInbox to its SignalWorker")
        }
    }
}
