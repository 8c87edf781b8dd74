// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension BrokerSettings {
    /// Reads `BROKER_URL` (one URL or several, separated by commas), `BROKER_URL_ORDER` (``urlOrder``: `random` or
    /// `listed`), `BROKER_EXCHANGE` and `CONSUMER_IN_FLIGHT_BYTES` (of a worker: ``inFlightBytes``, from 1 MiB to 1
    /// TiB). Faults are collected in the reader and never quote a URL, which may contain a password.
    public init(reading reader: inout SettingsReader) {
        self.init()
        if let text = reader.lines("BROKER_URL") {
            urls = Self.urls(text, of: "BROKER_URL", &reader) ?? urls
        }
        urlOrder = reader.choice(
            "BROKER_URL_ORDER", default: urlOrder, ["random": .random, "listed": .listed])
        inFlightBytes = reader.int(
            "CONSUMER_IN_FLIGHT_BYTES", default: inFlightBytes, in: Self.leastInFlightBytes...1 << 40)
        guard let name = reader.name("BROKER_EXCHANGE") else { return }
        if (1...255).contains(name.utf8.count), !name.utf8.starts(with: "amq.".utf8) {
            exchange = name
        } else {
            reader.fault("BROKER_EXCHANGE", "must be 1 to 255 bytes and must not begin with amq.")
        }
    }

    /// These settings with the URLs of `DASHBOARD_BROKER_URL`, if it is set: the same broker, as another user.
    package func forDashboard(reading reader: inout SettingsReader) -> BrokerSettings {
        guard let text = reader.lines("DASHBOARD_BROKER_URL"),
            let urls = Self.urls(text, of: "DASHBOARD_BROKER_URL", &reader)
        else { return self }
        var settings = self
        settings.urls = urls
        return settings
    }

    private static func urls(
        _ text: String, of setting: String, _ reader: inout SettingsReader
    ) -> [BrokerURL]? {
        do throws(BrokerError) {
            return try BrokerURL.list(text)
        } catch {
            reader.fault(setting, error.message.replacing(BrokerURL.faultSubject, with: ""))
            return nil
        }
    }
}
