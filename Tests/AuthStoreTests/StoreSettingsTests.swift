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
    func `a store's URL names a path`(text: String, path: String) throws {
        #expect(try StoreURL(parsing: text).path == path)
    }

    @Test(arguments: [
        "", "auth.sqlite", "sqlite:", "sqlite:/", "sqlite:folder/", "sqlite://host/auth.sqlite",
        "sqlite::memory:", "postgres://user:hunter2@host/db", "sqlite:a\0b",
    ])
    func `what is no store's URL is refused without being quoted`(text: String) throws {
        let error = #expect(throws: StoreError.self) { try StoreURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("hunter2") == false)
        #expect(error?.message.hasPrefix("must") == true)
    }

    @Test func `settings are read with their defaults`() throws {
        var reader = SettingsReader([:])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url.path == "./auth.sqlite")
        #expect(settings.outboxRetention == .seconds(604_800))
    }

    @Test func `settings that are wrong are all told, by name`() throws {
        var reader = SettingsReader(["STORE_URL": "mysql:x", "OUTBOX_RETENTION": "a week"])
        _ = StoreSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == ["STORE_URL", "OUTBOX_RETENTION"])
    }

    @Test func `settings are taken`() throws {
        var reader = SettingsReader(["STORE_URL": "sqlite:/x/y", "OUTBOX_RETENTION": "0"])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url.path == "/x/y")
        #expect(settings.outboxRetention == .zero)
    }
}
