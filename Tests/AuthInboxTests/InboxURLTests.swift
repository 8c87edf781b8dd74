// SPDX-License-Identifier: Apache-2.0
import AuthInbox
import AuthSignals
import Testing

@Suite struct InboxURLTests {
    @Test(arguments: [
        ("sqlite:./inbox.sqlite", "./inbox.sqlite"), ("sqlite:inbox.sqlite", "inbox.sqlite"),
        ("sqlite:/var/lib/inbox.sqlite", "/var/lib/inbox.sqlite"),
        ("SQLITE:///var/lib/inbox.sqlite", "/var/lib/inbox.sqlite"),
    ])
    func `an inbox URL names a file`(_ text: String, _ path: String) throws {
        #expect(try InboxURL(parsing: text).path == path)
    }

    @Test(arguments: [
        "", "sqlite:", "sqlite://host/inbox", "postgres://host/inbox", "/var/lib/inbox", "sqlite:folder/",
        "sqlite::memory:", "sqlite:a\0b",
    ])
    func `rejects a URL that does not name a file`(_ text: String) {
        let error = #expect(throws: InboxError.self) { try InboxURL(parsing: text) }
        #expect(error?.code == .invalidURL)
    }

    @Test func `the error for an invalid setting names it but not its value`() {
        var settings = SettingsReader(["INBOX_URL": "postgres://user:secret@host/inbox"])
        _ = InboxURL(reading: &settings)
        #expect(settings.faults.map(\.name) == ["INBOX_URL"])
        #expect(!settings.faults.description.contains("secret"))
    }

    @Test func `defaults to a file in the working directory`() {
        var settings = SettingsReader([:])
        #expect(InboxURL(reading: &settings).path == "./inbox.sqlite")
        #expect(settings.faults.isEmpty)
    }
}
