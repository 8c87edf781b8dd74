// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct SignalNameTests {
    static let longest = "a." + String(repeating: "b", count: 125)

    @Test(arguments: ["a.b", "account.user_logged_in", "billing.invoice_paid", "a1.b2.c3_", "a_.b_", longest])
    func `accepts a name of dotted lower-case words unchanged`(text: String) throws {
        let name = try SignalName(validating: text)
        #expect(name.rawValue == text)
        #expect(name.description == text)
        #expect(name.words.joined(separator: ".") == text)
    }

    @Test(arguments: [
        "", "account", ".", "a.", ".a", "a..b", "A.b", "a.B", "a.b ", " a.b", "a.1b", "_a.b", "a._b", "a.b-c",
        "a.*", "a.#", "a.ä", "a.b\n", "a.b\u{7F}", "a b.c", longest + "b",
    ])
    func `rejects any other text with the code invalidName`(text: String) {
        #expect {
            try SignalName(validating: text)
        } throws: {
            ($0 as? SignalError)?.code == .invalidName
        }
    }

    @Test func `the error quotes only a part of a rejected name`() {
        #expect {
            try SignalName(validating: String(repeating: "x", count: 100_000))
        } throws: {
            "\($0)".utf8.count < 400
        }
    }

    @Test func `reserves the first words of this project, compared as whole words`() {
        #expect(("account.user_logged_in" as SignalName).isReserved)
        #expect(("socialaccount.pre_social_login" as SignalName).isReserved)
        #expect(("mfa.authenticator_added" as SignalName).isReserved)
        #expect(("usersessions.session_client_changed" as SignalName).isReserved)
        #expect(!("accounts.closed" as SignalName).isReserved)
        #expect(!("billing.account" as SignalName).isReserved)
    }

    @Test func `sorts names by their text`() {
        let names: [SignalName] = ["b.a", "a.c", "a.b"]
        #expect(names.sorted() == ["a.b", "a.c", "b.a"])
    }

    @Test func `encodes a name as a JSON string and validates it when decoding`() throws {
        let name: SignalName = "account.email_added"
        let json = try SignalCodec.encoder().encode([name])
        #expect(String(decoding: json, as: UTF8.self) == #"["account.email_added"]"#)
        #expect(try SignalCodec.decoder().decode([SignalName].self, from: json) == [name])
        #expect(throws: (any Error).self) {
            try SignalCodec.decoder().decode([SignalName].self, from: .init(#"["Account"]"#.utf8))
        }
    }
}
