// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct InboxURLTests {
    @Test(arguments: [
        ("sqlite:./inbox.sqlite", "./inbox.sqlite"), ("sqlite:inbox.sqlite", "inbox.sqlite"),
        ("sqlite:/var/lib/inbox.sqlite", "/var/lib/inbox.sqlite"),
        ("SQLITE:///var/lib/inbox.sqlite", "/var/lib/inbox.sqlite"),
    ])
    func `an inbox URL names a file`(_ text: String, _ path: String) throws {
        #expect(try InboxURL(parsing: text) == .sqlite(path: path))
    }

    @Test(arguments: [
        "postgres://worker@host/billing", "PostgreSQL://worker:secret@host,other/billing?schema=a",
    ])
    func `an inbox URL names a database of PostgreSQL`(_ text: String) throws {
        let url = try InboxURL(parsing: text)
        #expect(url == .postgres(text))
        #expect("\(url)" == "postgres://…")
    }

    @Test(arguments: [
        "", "sqlite:", "sqlite://host/inbox", "mysql://host/inbox", "/var/lib/inbox", "sqlite:folder/",
        "sqlite::memory:", "sqlite:a\0b", "postgres",
        "sqlite:postgres://u:secret@host/db", "sqlite:///postgres://u:secret@host/db",
    ])
    func `rejects a URL that names neither`(_ text: String) {
        #expect(throws: InboxURLError.self) { try InboxURL(parsing: text) }
    }

    @Test func `the error for an invalid setting names it but not its value`() {
        var settings = SettingsReader(["INBOX_URL": "mysql://user:secret@host/inbox"])
        _ = InboxURL(reading: &settings)
        #expect(settings.faults.map(\.name) == ["INBOX_URL"])
        #expect(!settings.faults.description.contains("secret"))
    }

    @Test func `defaults to a file in the working directory`() {
        var settings = SettingsReader([:])
        #expect(InboxURL(reading: &settings) == .sqlite(path: "./inbox.sqlite"))
        #expect(settings.faults.isEmpty)
    }
}
