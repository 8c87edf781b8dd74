// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
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
        "sqlite::memory:", "mysql://user:hunter2@host/db", "sqlite:a\0b",
        "sqlite:postgres://u:hunter2@127.0.0.1/db", "sqlite:///postgres://u:hunter2@127.0.0.1/db",
        "pg://u:hunter2@host/db", "sqlite",
    ])
    func `rejects an invalid store URL without quoting it`(text: String) throws {
        let error = #expect(throws: StoreError.self) { try StoreURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("hunter2") == false)
        #expect(error?.message.hasPrefix("must") == true)
    }

    @Test(arguments: ["mysql://host/db", "pg://host/db", "auth.sqlite"])
    func `names both kinds of store for another scheme`(text: String) {
        let error = #expect(throws: StoreError.self) { try StoreURL(parsing: text) }
        #expect(error?.message.contains("sqlite:PATH") == true)
        #expect(error?.message.contains("postgres://") == true)
    }

    @Test(arguments: ["postgres://user:hunter2@host/db", "PostgreSQL://user:hunter2@host/db"])
    func `accepts a URL of PostgreSQL and never prints it`(text: String) throws {
        let url = try StoreURL(parsing: text)
        #expect(url == .postgres(text))
        #expect(url.path == nil)
        #expect(!"\(url)".contains("hunter2"))
    }

    @Test func `missing settings have defaults`() throws {
        var reader = SettingsReader([:])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url.path == "./auth.sqlite")
        #expect(settings.connections == 10)
        #expect(settings.leaseURL == nil)
        #expect(settings.outboxRetention == .seconds(604_800))
    }

    @Test func `reports every invalid setting by name`() throws {
        var reader = SettingsReader(["STORE_URL": "mysql:x", "OUTBOX_RETENTION": "a week"])
        _ = StoreSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == ["STORE_URL", "OUTBOX_RETENTION"])
    }

    @Test(arguments: [
        ("STORE_CONNECTIONS", "0"), ("STORE_CONNECTIONS", "1001"), ("STORE_CONNECTIONS", "many"),
        ("STORE_LEASE_URL", "sqlite:/x/y"), ("STORE_LEASE_URL", "mysql://user:hunter2@host/db"),
    ])
    func `reports a setting of PostgreSQL that is invalid, without quoting it`(name: String, text: String) {
        var reader = SettingsReader([name: text])
        _ = StoreSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == [name])
        #expect(!"\(reader.faults)".contains("hunter2"))
    }

    @Test func `reads every setting of PostgreSQL`() throws {
        var reader = SettingsReader([
            "STORE_URL": "postgres://pool/auth", "STORE_CONNECTIONS": "16",
            "STORE_LEASE_URL": "postgresql://primary/auth",
        ])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url == .postgres("postgres://pool/auth"))
        #expect(settings.connections == 16)
        #expect(settings.leaseURL == .postgres("postgresql://primary/auth"))
    }

    @Test func `reads every setting`() throws {
        var reader = SettingsReader(["STORE_URL": "sqlite:/x/y", "OUTBOX_RETENTION": "0"])
        let settings = StoreSettings(reading: &reader)
        try reader.check()
        #expect(settings.url.path == "/x/y")
        #expect(settings.outboxRetention == .zero)
    }
}
