// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthHTTP
import AuthInbox
import AuthServiceKit
import AuthSignals

/// The settings of a worker.
struct WorkerSettings {
    var process: ProcessSettings
    var broker: BrokerSettings
    /// `INBOX_URL`: the file that the workers of one host share.
    var inboxPath: String
    /// The settings of the `webhook` handler; nil without a webhook.
    var webhook: WebhookSettings?
    /// Outgoing HTTP connections to the webhook.
    var outgoing: OutgoingHTTP
    /// `SIGNALS_TOKEN_KEYS`: opens the sealed tokens of providers in signals.
    var tokens: TokenOpener
    /// Settings that are valid but most likely a mistake.
    var warnings: [SettingFault]

    /// - Throws: `SettingFaults` with every fault.
    init(reading settings: SettingsReader) throws {
        var reader = settings
        process = ProcessSettings(reading: &reader)
        broker = BrokerSettings(reading: &reader)
        broker.connectionName = "auth-consumer"
        inboxPath = InboxURL(reading: &reader).path
        tokens = TokenOpener(TokenKeys(reading: &reader))
        webhook = WebhookSettings(reading: &reader)
        outgoing = OutgoingHTTP(reading: &reader)
        warnings = reader.warnings
        try reader.check()
    }

    /// Sets the prefetch to twice the concurrency, so that handlers need not wait for the next message. With a single
    /// active consumer it equals the concurrency: prefetched messages would be returned to the queue, and counted, each
    /// time another message crashes the process.
    func broker(concurrency: Int, singleActive: Bool) -> BrokerSettings {
        var broker = broker
        broker.prefetch = singleActive ? concurrency : 2 * concurrency
        return broker
    }

    func inbox() throws -> SQLiteInbox {
        do { return try SQLiteInbox(path: inboxPath) } catch {
            throw ProcessFailure(.usage, "INBOX_URL: \(error)")
        }
    }
}
