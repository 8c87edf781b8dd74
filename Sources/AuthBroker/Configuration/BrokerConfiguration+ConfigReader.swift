// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension BrokerConfiguration {
    /// Reads `BROKER_URL` (several are separated by commas) and `BROKER_EXCHANGE`; faults are left in the reader
    /// and never quote a URL.
    public init(reading reader: inout SettingsReader) {
        self.init()
        if let text = reader.lines("BROKER_URL") {
            do throws(BrokerError) {
                urls = try BrokerURL.list(text)
            } catch {
                reader.fault("BROKER_URL", error.message.replacing(BrokerURL.faultSubject, with: ""))
            }
        }
        guard let name = reader.name("BROKER_EXCHANGE") else { return }
        if (1...255).contains(name.utf8.count), !name.utf8.starts(with: "amq.".utf8) {
            exchange = name
        } else {
            reader.fault("BROKER_EXCHANGE", "must be 1 to 255 bytes that do not begin with amq.")
        }
    }
}
