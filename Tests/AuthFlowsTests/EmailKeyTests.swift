// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// Which texts denote the same address, and which are not an address.
@Suite struct EmailKeyTests {
    static let forms = [
        "ada@münchen.example", "ada@mu\u{308}nchen.example", "ADA@MÜNCHEN.EXAMPLE",
        "ada@xn--mnchen-3ya.example",
        "Ada@XN--MNCHEN-3YA.example", "ada@ｍüｎｃｈｅｎ．ｅｘａｍｐｌｅ", "ada@münchen。example",
        " ada@mün\u{AD}chen.example\n",
    ]

    @Test(arguments: forms)
    func `every form of an address has one ASCII key and one display form`(text: String) {
        #expect(EmailAddress.key(of: text) == "ada@xn--mnchen-3ya.example")
        #expect(EmailAddress.normalized(text).hasSameBytes(as: "ada@münchen.example"))
        #expect(EmailSyntax.isValid(EmailAddress.normalized(text)))
    }

    @Test(
        arguments: [
            ("straße.de", "xn--strae-oqa.de"), ("βόλος.com", "xn--nxasmm1c.com"),
            ("βόλοσ.com", "xn--nxasmq6b.com"),
            ("क्\u{200D}ष.com", "xn--11b2ezcw70k.com"), ("אב1.com", "xn--1-zhcd.com"),
            ("日本。jp", "xn--wgv71a.jp"),
            ("l·l.cat", "xn--ll-0ea.cat"), ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
            ("ไทย.th", "xn--o3cw4h.th"),
            ("ﬁ.de", "fi.de"), ("\u{212A}elvin.de", "kelvin.de"),
            (
                String(repeating: "ü", count: 32) + ".de",
                "xn--t" + "da" + String(repeating: "a", count: 30) + ".de"
            ),
        ] as [(String, String)])
    func `the key of a domain consists of A-labels`(domain: String, ascii: String) {
        let key = EmailAddress.key(of: "ada@" + domain)
        if domain.hasPrefix("üüü") {
            #expect(key.hasPrefix("ada@xn--") && key.utf8.count < 63)
        } else {
            #expect(key == "ada@" + ascii)
        }
        #expect(EmailSyntax.isValid(EmailAddress.normalized("ada@" + domain)))
        #expect(EmailAddress.normalized(key) == EmailAddress.normalized("ada@" + domain))
    }

    @Test(arguments: [
        "xn--a.de", "xn--.de", "xn--u-ccb.de", "xn--99999999.de", "a\u{200D}b.de", "अ\u{200C}ब.com",
        "1אב.com", "aא.com", "١٢.example",
        "☕.example", "i❤.ws", "xn--i-7iq.ws", "ü_x.de", "ü x.de", "-ü.de", "ü-.de", "ab--ü.de", "\u{301}a.de",
        "a..ü.de",
        "ü.de.", ".ü.de", "ﷺ.com", "ü.１２", "ü:80.de", "[ü].de", "ü%.de", "ü/x.de", "\u{378}.de",
        "ü\u{2024}de",
        String(repeating: "ü", count: 60) + ".de", String(repeating: "ü.", count: 60) + "de",
        "q" + String(repeating: "\u{301}\u{327}", count: 14_900) + ".de",
    ])
    func `refuses a domain without A-labels`(domain: String) async throws {
        let world = try World()
        let client = world.client()
        let happened = try await client.signUp("ada@" + domain)
        #expect(
            ["refused invalid in email", "refused max_length in email"].contains(happened.answer),
            "\(happened.answer)")
        #expect(happened.mailed == [])
        // The scripted provider splits its text at spaces, so that such a domain cannot be passed to it.
        if domain.contains(" ") { return }
        let found = try await client.social("1 ada@\(domain)* b@x.org*")
        #expect(
            found.result.authentication?.emailAddresses.map(\.text) == ["b@x.org verified primary"])
    }

    @Test(arguments: ["ädä@x.org", "a\u{301}@x.org", "用户@例え.jp", "a@\u{301}x.org", "\"a b\"@x.org"])
    func `refuses a local part beyond ASCII, because not every mail server accepts it`(email: String)
        async throws
    {
        let world = try World()
        #expect(try await world.client().signUp(email).answer == "refused invalid in email")
    }

    @Test(arguments: forms)
    func `every form of an address finds one account`(form: String) async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let member = try await world.member("ada@münchen.example")
        #expect(try await world.client().logIn(form).answer == "authenticated")
        let reset = try await world.client().requestReset(form)
        #expect(reset.mailed == ["password_reset_key to ada@münchen.example"])
        let again = try await world.client().signUp(form)
        #expect(again.answer == "unauthenticated verify_email")
        #expect(again.said == [])
        #expect(again.mailed.allSatisfy { $0 == "account_already_exists to ada@münchen.example" })
        #expect(try await member.addEmail(form).answer == "refused duplicate_email in email")
        #expect(try await world.addressCount() == 1)
    }

    @Test(arguments: forms)
    func `an address can be made primary and removed by any of its forms`(form: String) async throws {
        let world = try World()
        let member = try await world.member("b@x.org")
        _ = try await member.addEmail("ada@mu\u{308}nchen.example")
        _ = try await member.verify(world.key(mailedTo: "ada@münchen.example"))
        #expect(
            try await member.makePrimary(form).answer
                == "ada@münchen.example verified primary, b@x.org verified")
        _ = try await member.makePrimary("b@x.org")
        #expect(try await member.removeEmail(form).answer == "b@x.org verified primary")
    }

    @Test func `counts wrong passwords under one key for all forms of an address`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("ada@münchen.example")
        for form in Self.forms.prefix(5) { _ = try await world.client().logIn(form, "wrong-Password-1") }
        for form in Self.forms {
            #expect(try await world.client().logIn(form).answer == "refused too_many_login_attempts")
        }
    }

    @Test func `a social account is removed by the exact bytes of its id`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.social("\u{E9}", .connect)
        _ = try await member.social("e\u{301}", .connect)
        let left = try await member.does {
            try await $0.removeSocialAccount(provider: "example", uid: "e\u{301}", $1)
        }
        guard case .success(let accounts as [SocialAccount]) = left.result else {
            Issue.record("\(left.answer)")
            return
        }
        #expect(accounts.map { Array($0.uid.utf8) } == [Array("\u{E9}".utf8)])
    }

    @Test func `the id of a social account has at most 191 code points`() async throws {
        let world = try World()
        let marks = String(repeating: "\u{301}", count: 190)
        #expect(try await world.client().social("e\(marks) a@x.org*").answer == "authenticated")
        #expect(
            try await world.client().social("e\(marks)\u{301} b@x.org*").answer
                == "refused invalid_token in token")
    }
}
