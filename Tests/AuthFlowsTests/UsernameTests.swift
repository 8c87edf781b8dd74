// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// Which usernames are valid, and which spellings denote the same username.
@Suite struct UsernameTests {
    private func world(
        limited: Bool = false, _ more: (inout AccountSettings) -> Void = { _ in }
    ) throws -> World {
        try World(limited: limited) {
            $0.emailVerification = .none
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: false, .password1: true]
            more(&$0)
        }
    }

    private func signUp(_ username: String, _ world: World) async throws -> String {
        try await world.client().signUp(nil, username: username).answer
    }

    @Test(arguments: [
        "ada", "Zoe\u{308}", "नमस्ते", "தமிழ்", "น้ำตาล", "မြန်မာ", "ខ្មែរ", "мария", "محمد", "한국", "日本", "x²",
        "a.b+c-d_e@f", "Ⅷ",
        "ａｄａ", "q" + String(repeating: "\u{301}", count: 149), String(repeating: "𐐀", count: 150),
    ])
    func `accepts letters, marks and digits of any script`(username: String) async throws {
        let world = try world()
        #expect(try await signUp(username, world) == "authenticated")
        let again = try await world.client().does {
            try await $0.logIn(LogIn(username: username, password: Password(goodPassword)), $1)
        }
        #expect(again.answer == "authenticated")
    }

    @Test(arguments: [
        "ad\u{200D}min", "ad\u{200C}min", "ad\u{200B}min", "ad\u{AD}min", "ad\u{34F}min", "ad\u{FE0F}min",
        "ad\u{2060}min", "ad\u{E0061}min", "\u{3164}", "ad\u{115F}min", "ad\u{17B5}min", "ad\u{180E}min",
        "ad\u{202E}min", "\u{301}admin", "ad min", "ad\u{A0}min", "ad\u{0}min", "ad\u{7}min", "ad/min",
        "a\u{20DD}dmin",
        "\u{FDFA}", "½", "ⓐ", "😀", "\u{E000}", "\u{FFFF}", "ad\u{378}min",
    ])
    func `refuses invisible characters and all that are not letters, marks or digits`(username: String)
        async throws
    {
        let world = try world()
        let before = try await world.contents()
        #expect(try await signUp(username, world) == "refused invalid in username")
        #expect(try await world.contents() == before)
    }

    @Test(arguments: [
        String(repeating: "a", count: 151), "q" + String(repeating: "\u{301}", count: 150),
        "q" + String(repeating: "\u{301}", count: 20_000),
        "q" + String(repeating: "\u{301}\u{327}", count: 14_900),
        String(repeating: "e\u{301}", count: 76), String(repeating: "𐐀", count: 151),
    ])
    func `refuses more than 150 code points`(username: String) async throws {
        let world = try world()
        #expect(try await signUp(username, world) == "refused max_length in username")
    }

    @Test func `the minimum length is counted in code points`() async throws {
        let world = try world { $0.usernameMinLength = 6 }
        #expect(try await signUp("नमस्ते", world) == "authenticated")
        #expect(try await signUp("मस्ते", world) == "refused username_too_short in username")
    }

    @Test(arguments: [
        ("admin", "ａｄｍｉｎ"), ("admin", "ADMIN"), ("zoë", "ZOE\u{308}"), ("ﬁona", "fiona"),
        ("I\u{307}\u{327}x", "İ\u{327}X"),
        ("\u{212A}im", "kim"),
    ])
    func `spellings of one username are equal at sign-up, at log-in and in the blacklist`(
        first: String, second: String
    ) async throws {
        let world = try world()
        #expect(try await signUp(first, world) == "authenticated")
        #expect(try await signUp(second, world) == "refused username_taken in username")
        let happened = try await world.client().does {
            try await $0.logIn(LogIn(username: second, password: Password(goodPassword)), $1)
        }
        #expect(happened.answer == "authenticated")
        let strict = World(restarting: world) { $0.usernameBlacklist = [first] }
        #expect(try await signUp(second, strict) == "refused username_blacklisted in username")
    }

    @Test func `counts wrong passwords under one key for all spellings of a username`() async throws {
        let world = try world(limited: true)
        #expect(try await signUp("victim", world) == "authenticated")
        func logIn(_ username: String, _ password: String) async throws -> String {
            try await world.client().does {
                try await $0.logIn(LogIn(username: username, password: Password(password)), $1)
            }.answer
        }
        let spellings = ["victim", "VICTIM", "ｖｉｃｔｉｍ", "ｖictim", "victiｍ", " victim "]
        for spelling in spellings.prefix(5) {
            #expect(
                try await logIn(spelling, "wrong-Password-1")
                    == "refused username_password_mismatch in password")
        }
        for spelling in spellings {
            #expect(try await logIn(spelling, goodPassword) == "refused too_many_login_attempts")
        }
    }

    @Test func `counts code requests under one key for all spellings of a username`() async throws {
        let world = try World(limited: true) {
            $0.loginByCodeEnabled = true
            $0.loginMethods = [.email, .username]
            $0.signupFields = [.email: true, .username: true, .password1: true]
        }
        _ = try await world.client().signUp("a@x.org", username: "victim")
        var answers: [String] = []
        for spelling in ["victim", "ｖictim", "vｉctim", "viｃtim"] {
            answers.append(
                try await world.client().does {
                    try await $0.requestLoginCode(RequestLoginCode(username: spelling), $1)
                }.answer)
        }
        #expect(answers.prefix(3).allSatisfy { $0 == "unauthenticated login_by_code" })
        #expect(answers.last == "refused too_many_login_attempts in username")
    }

    @Test(arguments: ["ad\u{200D}min", "ad min", "q" + String(repeating: "\u{301}", count: 20_000)])
    func `refuses to import a user with an invalid username`(username: String) async throws {
        let world = try world()
        let before = try await world.contents()
        await #expect(throws: Refusal.self) {
            try await world.accounts.users.add(ImportedUser(username: username, dateJoined: .distantPast))
        }
        #expect(try await world.contents() == before)
    }

    @Test func `a provider's username is adopted only if it is valid`()
        async throws
    {
        for (told, taken) in [
            ("Ada", "ada"), ("ad\u{200D}min", "admin"), ("नमस्ते", "a"),
            ("q" + String(repeating: "\u{301}", count: 20_000), "q"),
        ] {
            var provider = ScriptedProvider()
            provider.username = told
            let world = try World(providers: [provider]) {
                $0.signupFields = [.email: true, .username: true, .password1: true]
            }
            let happened = try await world.client().social("1 a@x.org*")
            #expect(happened.result.authentication?.user.username == taken)
        }
    }

    @Test func `an overlong username of an older version does not make signals too large`() async throws {
        let world = try world()
        let name = "q" + String(repeating: "\u{301}", count: 30_000)
        let hash = try await world.accounts.passwords.hash(Password(goodPassword))
        let user = User(
            id: .version7(), username: name, dateJoined: world.clock.now(), passwordHash: hash)
        let address = EmailAddress(
            id: .version7(), userID: user.id, email: "q@x.org", verified: true, primary: true)
        try await world.store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(address)
        }
        let byEmail = World(restarting: world) { $0.loginMethods = [.email] }
        let client = byEmail.client()
        let happened = try await client.does { accounts, context in
            var context = context
            context.request.userAgent = String(repeating: "x", count: 8000)
            return try await accounts.logIn(
                LogIn(email: "q@x.org", password: Password(goodPassword)), context)
        }
        #expect(happened.answer == "authenticated")
        let told = happened.signals.last?.data["user"]?["username"]?.string
        #expect(told?.utf8.count == 599)
    }
}
