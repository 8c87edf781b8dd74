// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Testing

/// Drafts are stored as JSON, and a queue may have drafts of another version.
@Suite struct MailDraftTests {
    private func decoded(_ json: String) throws -> MailDraft {
        try JSONDecoder().decode(MailDraft.self, from: Data(json.utf8))
    }

    @Test(arguments: [Language.english, .german, nil])
    func `a draft is decoded as it was encoded`(_ language: Language?) throws {
        let draft = MailDraft(
            .loginCode, to: "ann@example.org", values: ["code": "BCDF-GHJK"], subject: "u", language: language
        )
        let read = try JSONDecoder().decode(MailDraft.self, from: JSONEncoder().encode(draft))
        #expect(read == draft)
    }

    @Test func `a draft of an earlier version has no language`() throws {
        let draft = try decoded(
            #"{"template":"login_code","to":"ann@example.org","values":{"code":"BCDF-GHJK"},"subject":"u"}"#)
        #expect(draft.language == nil)
        #expect(draft.template == .loginCode)
        #expect(draft.to == "ann@example.org")
        #expect(draft.values == ["code": "BCDF-GHJK"])
        #expect(draft.subject == "u")
        #expect(draft.onAccepted == nil)
    }

    @Test(arguments: ["fr", "", "de-AT", "\u{1F600}"])
    func `a draft in a language of another version has no language`(_ code: String) throws {
        let draft = try decoded(
            "{\"template\":\"login_code\",\"to\":\"ann@example.org\",\"values\":{},\"language\":\"\(code)\"}")
        #expect(draft.language == nil)
        #expect(draft.to == "ann@example.org")
    }
}
