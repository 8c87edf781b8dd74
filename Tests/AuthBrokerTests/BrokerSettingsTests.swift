// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import Testing

@Suite struct BrokerSettingsTests {
    @Test func `defaults to the broker on this host`() throws {
        var reader = SettingsReader([:])
        let settings = BrokerSettings(reading: &reader)
        try reader.check()
        #expect(settings.urls == [.local])
        #expect(settings.exchange == "auth.signals")
        #expect(settings.inFlightBytes == 64 << 20)
        #expect(settings.urlOrder == .random)
        #expect(
            reader.known == ["BROKER_URL", "BROKER_URL_ORDER", "BROKER_EXCHANGE", "CONSUMER_IN_FLIGHT_BYTES"])
    }

    @Test func `a connection without a URL fails with an error that says so`() async throws {
        let settings = BrokerSettings(urls: [])
        let isRightError = { @Sendable (error: any Error) in
            (error as? BrokerError)?.code == .invalidValue && "\(error)".contains("no broker URL")
        }
        await #expect {
            try await BrokerPublisher(settings).run()
        } throws: {
            isRightError($0)
        }
        let queue = try ConsumerTopology(queue: "q", patterns: ["#"])
        await #expect {
            try await BrokerSource(queue, settings).run()
        } throws: {
            isRightError($0)
        }
    }

    @Test func `reads the byte budget of a worker`() throws {
        var reader = SettingsReader(["CONSUMER_IN_FLIGHT_BYTES": "1048576"])
        let settings = BrokerSettings(reading: &reader)
        try reader.check()
        #expect(settings.inFlightBytes == 1 << 20)
    }

    @Test(arguments: ["0", "-1", "1048575", "64MiB", "9223372036854775808"])
    func `rejects a byte budget that is too small or not a number`(text: String) {
        var reader = SettingsReader(["CONSUMER_IN_FLIGHT_BYTES": text])
        let settings = BrokerSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == ["CONSUMER_IN_FLIGHT_BYTES"])
        #expect(settings.inFlightBytes == 64 << 20)
    }

    @Test func `reads URLs and exchange`() throws {
        var reader = SettingsReader([
            "BROKER_URL": "amqp://u:p@one/,amqps://u:p@two/v", "BROKER_EXCHANGE": "auth.signals.v2",
            "BROKER_URL_ORDER": "listed",
        ])
        let settings = BrokerSettings(reading: &reader)
        try reader.check()
        #expect(settings.urlOrder == .listed)
        #expect(settings.urls.map(\.host) == ["one", "two"])
        #expect(settings.exchange == "auth.signals.v2")
    }

    @Test(arguments: [" auth.signals.v2\n", "auth.signals.v2\r\n"])
    func `trims white space around the exchange name`(text: String) throws {
        var reader = SettingsReader(["BROKER_EXCHANGE": text, "BROKER_URL": "amqp://one/,\n amqp://two/\n"])
        let settings = BrokerSettings(reading: &reader)
        try reader.check()
        #expect(settings.exchange == "auth.signals.v2")
        #expect(settings.urls.map(\.host) == ["one", "two"])
    }

    @Test(arguments: ["\"auth.signals\"", "'auth.signals'", "auth\n.signals", "auth.\u{0}signals"])
    func `rejects an exchange name with quotes or a control character`(text: String) {
        var reader = SettingsReader(["BROKER_EXCHANGE": text])
        _ = BrokerSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == ["BROKER_EXCHANGE"])
    }

    @Test func `errors name the setting and never contain the password`() {
        var reader = SettingsReader([
            "BROKER_URL": "http://u:sesame@h", "BROKER_EXCHANGE": "amq.topic",
        ])
        _ = BrokerSettings(reading: &reader)
        let faults = reader.faults.map(\.description)
        #expect(
            faults == [
                "BROKER_URL must begin with amqp:// or amqps://",
                "BROKER_EXCHANGE must be 1 to 255 bytes and must not begin with amq.",
            ])
    }
}
