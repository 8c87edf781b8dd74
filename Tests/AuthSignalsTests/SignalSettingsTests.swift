// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct SignalSettingsTests {
    private func read(_ values: [String: String]) -> (settings: SignalSettings, faults: [String]) {
        var reader = SettingsReader(values)
        let settings = SignalSettings(reading: &reader)
        return (settings, reader.faults.map(\.description))
    }

    @Test func `requires only the source`() {
        let (settings, faults) = read(["SIGNALS_SOURCE": "https://accounts.example.org"])
        #expect(faults.isEmpty)
        #expect(settings.codec.source == "https://accounts.example.org")
        #expect(settings.codec.schemaBase == "https://accounts.example.org/schemas")
        #expect(settings.codec.appID == "accounts.example.org")
        #expect(settings.codec.profile == .standard)
        #expect(settings.isSecure)
    }

    @Test func `reads every setting`() {
        let (settings, faults) = read([
            "SIGNALS_SOURCE": "http://127.0.0.1:8080", "SIGNALS_SCHEMA_BASE": "urn:example:schemas",
            "SIGNALS_APP_ID": "accounts", "SIGNALS_PAYLOAD": "thin",
        ])
        #expect(faults.isEmpty)
        #expect(settings.codec.schemaBase == "urn:example:schemas")
        #expect(settings.codec.appID == "accounts")
        #expect(settings.codec.profile == .thin)
        #expect(!settings.isSecure)
    }

    @Test(arguments: [
        ("http://localhost:8080", true), ("http://127.0.0.1", true), ("http://[::1]:8080/auth", true),
        ("https://accounts.test", true), ("http://Accounts.LOCAL.", true), ("https://auth.localhost", true),
        ("https://accounts.example", true), ("https://example.com", true), ("https://a.b.example.org", true),
        ("https://accounts.myexample.org", false), ("https://example.org.is", false), ("https://test", true),
        ("https://latest", false), ("https://contest.is", false), ("http://10.0.0.1", false),
        ("http://127.0.0.1.nip.io", false), ("http://evil.com%2f.test", false),
        ("http://evil.com%40.localhost", false),
        ("http://evil.com%00.test", false), ("urn:example:test", false), ("http://accounts", false),
    ])
    func `recognises the source of a development installation by its host`(source: String, isOne: Bool) {
        #expect(SignalSettings(source: source).isForDevelopment == isOne)
    }

    @Test(arguments: [
        "accounts.example.org", "/accounts", "https:", "https://", "https:///x", "://x", "x", "urn:",
        "https://a.example/#fragment", "https://a b", "127.0.0.1:8080",
    ])
    func `reports a source that is not an absolute URI once, by its setting`(source: String) {
        let faults = read(["SIGNALS_SOURCE": source]).faults
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("SIGNALS_SOURCE must be an absolute URI") == true)
    }

    @Test func `reports a missing source once`() {
        let faults = read([:]).faults
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("SIGNALS_SOURCE is required") == true)
    }

    @Test func `reports the faults of all settings together`() {
        let faults = read([
            "SIGNALS_SOURCE": "x", "SIGNALS_SCHEMA_BASE": "y", "SIGNALS_PAYLOAD": "fat",
            "SIGNALS_APP_ID": String(repeating: "a", count: 256),
        ]).faults
        let names = faults.compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(
            names == ["SIGNALS_SOURCE", "SIGNALS_SCHEMA_BASE", "SIGNALS_APP_ID", "SIGNALS_PAYLOAD"])
    }
}
