// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Testing

@Suite struct StoreSettingsTests {
    @Test(arguments: [
        ("sqlite:./auth.sqlite", "./auth.sqlite"), ("sqlite:auth.sqlite", "auth.sqlite"),
        ("sqlite:/var/lib/auth.sqlite", "/var/lib/auth.sqlite"),
        ("sqlite:///var/lib/auth.sqlite", "/var/lib/auth.sqlite"), ("SQLite:a b%20c", "a b%20c"),
    ])
    func `a store URL names a path`(text: String, path: String) throws {
        #expect(try StoreURL(parsing: text).path == path)
    }

    @Test(arguments: [
        "", "auth.sqlite", "sqlite:", "sqlite:/", "sqlite:folder/", "sqlite://host/auth.sqlite",
        "sqlite::memory:", "postgres://user:hunter2@host/db", "sqlite:a\0b",
    ])
    func `rejects an invalid store URL without quoting it`(text: String) throws {
        let error = #expect(throws: StoreError.self) { try StoreURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("hunter2") == false)
        #expect(error?.message.hasPrefix("must") == true)
    }

    @Test func `missing settings have defaults`() throws {
        var reader = SettingsReader([:])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url.path == "./auth.sqlite")
        #expect(settings.outboxRetention == .seconds(604_800))
    }

    @Test func `reports every invalid setting by name`() throws {
        var reader = SettingsReader(["STORE_URL": "mysql:x", "OUTBOX_RETENTION": "a week"])
        _ = StoreSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == ["STORE_URL", "OUTBOX_RETENTION"])
    }

    @Test func `reads every setting`() throws {
        var reader = SettingsReader(["STORE_URL": "sqlite:/x/y", "OUTBOX_RETENTION": "0"])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url.path == "/x/y")
        #expect(settings.outboxRetention == .zero)
    }
}
