// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// Input that no person types: every call refuses it, writes nothing and sends no mail.
@Suite struct HostileInputTests {
    private static let texts = [
        "", " ", "\u{0}", "a\u{0}@x.org", "a@x.org\r\nBcc: b@x.org", "\u{202E}gro.x@a",
        "a@x.org'; DROP TABLE auth_user; --",
        "\"><script>alert(1)</script>", "../../etc/passwd", "%00", "{key}",
        "a@" + String(repeating: "x.", count: 200) + "org",
        String(repeating: "A", count: 1_000_000), String(repeating: "\u{1F600}", count: 100_000),
        String(repeating: "e\u{301}", count: 50_000), "\u{FEFF}", "\u{FFFD}", "İ@x.org", "ß@x.org",
    ]

    @Test(arguments: Array(texts.enumerated()).map(\.offset))
    func `hostile input is refused without a write or a mail`(_ number: Int) async throws {
        let text = Self.texts[number]
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginByCodeEnabled = true
            $0.loginMethods = [.email, .username]
            $0.signupFields = [.email: true, .username: false, .password1: true]
        }
        let member = try await world.member("a@x.org")
        _ = try await world.deliver()
        let before = try await world.contents()
        let password = Password(text)
        let stranger = world.client()
        let answers = [
            try await stranger.does { try await $0.signUp(SignUp(email: text, password: password), $1) },
            try await stranger.does {
                try await $0.signUp(SignUp(email: text, username: text, password: password), $1)
            },
            try await stranger.does { try await $0.logIn(LogIn(email: text, password: password), $1) },
            try await stranger.does { try await $0.logIn(LogIn(username: text, password: password), $1) },
            try await stranger.does { try await $0.logIn(LogIn(email: "a@x.org", password: password), $1) },
            try await stranger.does { try await $0.requestLoginCode(RequestLoginCode(email: text), $1) },
            try await stranger.confirmLoginCode(text), try await stranger.verify(text),
            try await stranger.requestReset(text), try await stranger.resetInformation(text),
            try await stranger.reset(text, to: text), try await member.addEmail(text),
            try await member.resendConfirmation(of: text), try await member.makePrimary(text),
            try await member.removeEmail(text), try await member.changePassword(text, to: text),
            try await member.reauthenticate(text), try await member.verify(text),
        ]
        for happened in answers {
            #expect(happened.said == [] && happened.mailed == [])
            #expect(
                happened.answer.hasPrefix("refused") || happened.answer == "conflict", "\(happened.answer)")
        }
        #expect(try await world.contents() == before)
    }

    @Test func `a malformed session token matches no session`() async throws {
        let world = try World()
        for text in Self.texts {
            #expect(try await world.accounts.sessions.authenticate(token: SessionToken(text)) == nil)
        }
    }
}
