// SPDX-License-Identifier: Apache-2.0
public import AuthBroker
public import AuthConsumer
import AuthInbox
package import AuthServiceKit
public import AuthSignals

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
    /// `INBOX_URL`: the path of the file that the workers of one host share; `./inbox.sqlite` by default.
    public var inboxPath: String
    /// `SIGNALS_TOKEN_KEYS`: opens the sealed tokens of providers in signals.
    public var tokens: TokenOpener
    /// Settings that are valid but most likely a mistake; the worker logs them.
    public var warnings: [SettingFault]
    /// `LOG_LEVEL`, `LOG_FORMAT`, `METRICS_HOST`, `METRICS_PORT`: used if the worker is a complete program.
    package var process: ProcessSettings

    /// Reads the settings. Faults are recorded in the reader, whose `check()` throws them together.
    public init(reading reader: inout SettingsReader) {
        process = ProcessSettings(reading: &reader)
        broker = BrokerSettings(reading: &reader)
        inboxPath = InboxURL(reading: &reader).path
        tokens = TokenOpener(TokenKeys(reading: &reader))
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

    /// Sets the prefetch to twice the concurrency, so that handlers need not wait for the next message. With a single
    /// active consumer it equals the concurrency: prefetched messages would be returned to the queue, and counted, each
    /// time another message crashes the process.
    func broker(as program: String, concurrency: Int, singleActive: Bool) -> BrokerSettings {
        var broker = broker
        if broker.connectionName == BrokerSettings().connectionName { broker.connectionName = program }
        let prefetch = min(max(1, concurrency), Self.largestPrefetch)
        broker.prefetch = singleActive ? prefetch : min(2 * prefetch, Self.largestPrefetch)
        return broker
    }

    /// AMQP's largest prefetch.
    private static let largestPrefetch = 65_535

    func inbox() throws -> SQLiteInbox {
        do { return try SQLiteInbox(path: inboxPath) } catch {
            throw ProcessFailure(.usage, "INBOX_URL: \(error)")
        }
    }
}
