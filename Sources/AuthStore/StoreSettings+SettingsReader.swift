// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension StoreSettings {
    /// Reads `STORE_URL`, `STORE_CONNECTIONS`, `STORE_LEASE_URL` and `OUTBOX_RETENTION`; errors are collected in the reader.
    public init(reading reader: inout SettingsReader) {
        self.init()
        if let text = reader.string("STORE_URL") {
            do {
                url = try StoreURL(parsing: text)
            } catch {
                reader.fault("STORE_URL", error.message)
            }
        }
        connections = reader.int("STORE_CONNECTIONS", default: connections, in: 1...1000)
        if let text = reader.string("STORE_LEASE_URL") {
            if let url = try? StoreURL(parsing: text), case .postgres = url {
                leaseURL = url
            } else {
                reader.fault("STORE_LEASE_URL", "must be postgres://HOST/DATABASE, the server of STORE_URL")
            }
        }
        outboxRetention = reader.seconds("OUTBOX_RETENTION", default: outboxRetention)
    }
}
