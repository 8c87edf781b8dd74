// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension BrokerConfiguration {
    /// Reads `BROKER_URL` (several are separated by commas) and `BROKER_EXCHANGE`; faults are left in the reader
    /// and never quote a URL.
    public init(reading reader: inout SettingsReader) {
        self.init()
        if let text = reader.string("BROKER_URL") {
            do throws(BrokerError) {
                urls = try BrokerURL.list(text)
            } catch {
                reader.fault("BROKER_URL", error.message.replacing(BrokerURL.faultSubject, with: ""))
            }
        }
        exchange = reader.value(
            "BROKER_EXCHANGE", default: exchange, "1 to 255 bytes that do not begin with amq."
        ) { name in
            (1...255).contains(name.utf8.count) && !name.hasPrefix("amq.") && !name.utf8.contains(0)
                ? name : nil
        }
    }
}
