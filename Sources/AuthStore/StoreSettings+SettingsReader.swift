// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension StoreSettings {
    /// Reads `STORE_URL` and `OUTBOX_RETENTION`; errors are collected in the reader.
    public init(reading reader: inout SettingsReader) {
        self.init()
        if let text = reader.string("STORE_URL") {
            do {
                url = try StoreURL(parsing: text)
            } catch {
                reader.fault("STORE_URL", error.message)
            }
        }
        outboxRetention = reader.seconds("OUTBOX_RETENTION", default: outboxRetention)
    }
}
