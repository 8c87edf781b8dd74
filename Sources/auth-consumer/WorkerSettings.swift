// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthHTTP
import AuthInbox
import AuthOperations
import AuthSignals

/// What a worker reads from the environment.
struct WorkerSettings {
    var operation: OperationSettings
    var broker: BrokerConfiguration
    /// `INBOX_URL`: the file that the workers of one host share.
    var inboxPath: String
    /// Where the `webhook` handler posts to; nil: nowhere.
    var webhook: WebhookSettings?
    /// How the webhook is reached.
    var outgoing: OutgoingHTTP
    /// `SIGNALS_TOKEN_KEYS`: opens the providers' tokens that signals carry.
    var tokens: TokenOpener
    /// Settings that are most likely a mistake.
    var warnings: [SettingFault]

    /// - Throws: `SettingFaults` with every fault.
    init(reading settings: SettingsReader) throws {
        var reader = settings
        operation = OperationSettings(reading: &reader)
        broker = BrokerConfiguration(reading: &reader)
        broker.connectionName = "auth-consumer"
        inboxPath = InboxURL(reading: &reader).path
        tokens = TokenOpener(TokenKeys(reading: &reader))
        webhook = WebhookSettings(reading: &reader)
        outgoing = OutgoingHTTP(reading: &reader)
        warnings = reader.warnings
        try reader.check()
    }

    /// Takes from the broker at most twice what is handled at a time, so that a handler need not wait for the next
    /// message; in strict order no more than that: what waits would be returned with a message that ends the process.
    func broker(concurrency: Int, singleActive: Bool) -> BrokerConfiguration {
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
