// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension BrokerSettings {
    /// Reads `BROKER_URL` (one URL or several, separated by commas), `BROKER_EXCHANGE` and
    /// `CONSUMER_IN_FLIGHT_BYTES` (of a worker: ``inFlightBytes``, from 1 MiB to 1 TiB). Faults are collected in the
    /// reader and never quote a URL, which may contain a password.
    public init(reading reader: inout SettingsReader) {
        self.init()
        if let text = reader.lines("BROKER_URL") {
            do throws(BrokerError) {
                urls = try BrokerURL.list(text)
            } catch {
                reader.fault("BROKER_URL", error.message.replacing(BrokerURL.faultSubject, with: ""))
            }
        }
        inFlightBytes = reader.int(
            "CONSUMER_IN_FLIGHT_BYTES", default: inFlightBytes, in: Self.leastInFlightBytes...1 << 40)
        guard let name = reader.name("BROKER_EXCHANGE") else { return }
        if (1...255).contains(name.utf8.count), !name.utf8.starts(with: "amq.".utf8) {
            exchange = name
        } else {
            reader.fault("BROKER_EXCHANGE", "must be 1 to 255 bytes and must not begin with amq.")
        }
    }
}
