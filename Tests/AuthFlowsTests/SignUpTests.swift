// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct SignUpTests {
    @Test func `without verification a sign-up logs in`() async throws {
        let world = try World { $0.emailVerification = .none }
        let happened = try await world.client().signUp("a@x.org")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["user_signed_up", "user_logged_in"])
        #expect(happened.mailed == [])
    }

    @Test func `with optional verification a sign-up logs in and mails a link`() async throws {
        let world = try World()
        let happened = try await world.client().signUp("a@x.org")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "user_signed_up", "user_logged_in", "email_confirmation_sent: link signup a@x.org primary",
            ])
        #expect(happened.mailed == ["email_confirmation_signup to a@x.org"])
    }

    @Test func `without an address a sign-up with optional verification logs in and mails nothing`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: false, .password1: true]
        }
        let happened = try await world.client().signUp(nil, username: "ada")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["user_signed_up", "user_logged_in"])
        #expect(happened.mailed == [])
    }

    @Test func `with mandatory verification a sign-up waits for its link`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let client = world.client()
        let happened = try await client.signUp("a@x.org")
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(
            happened.said == ["user_signed_up", "email_confirmation_sent: link signup a@x.org primary"])
        #expect(happened.mailed == ["email_confirmation_signup to a@x.org"])
        #expect(try await client.current() == "unauthenticated verify_email")

        let key = try world.key(mailedTo: "a@x.org")
        let before = try await world.contents()
        let info = try await world.accounts.emailConfirmation(for: LinkKey(key), client.visit)
        #expect(info?.email == "a@x.org")
        #expect(info?.isPendingLogin == true)
        #expect(try await world.contents() == before)

        let confirmed = try await client.verify(key)
        #expect(confirmed.answer == "unauthenticated")
        #expect(confirmed.said == ["email_confirmed: a@x.org verified primary"])
        #expect(try await client.current() == "unauthenticated")
    }

    @Test func `all signals of one call share their request and name their user`() async throws {
        let world = try World()
        let happened = try await world.client().signUp("a@x.org")
        let user = try #require(happened.result.authentication?.user)
        #expect(Set(happened.signals.map(\.correlationID)).count == 1)
        #expect(happened.signals.map(\.subject) == Array(repeating: user.id.wireText, count: 3))
        #expect(happened.signals.allSatisfy { $0.data["user"]?["email"]?.string == "a@x.org" })
    }

    // MARK: Addresses that are taken

    @Test(arguments: [AccountSettings.EnumerationPrevention.on, .strict])
    func `where verification is mandatory nobody learns that an address is taken`(
        _ prevention: AccountSettings.EnumerationPrevention
    ) async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.preventEnumeration = prevention
        }
        let first = try await world.client().signUp("a@x.org")
        let client = world.client()
        let second = try await client.signUp("a@x.org")
        #expect(second.answer == first.answer)
        #expect(second.said == [])
        #expect(second.mailed == ["account_already_exists to a@x.org"])
        #expect(try await client.current() == "unauthenticated verify_email")
        #expect(try await world.userCount() == 1)
    }

    @Test(
        arguments: [
            (AccountSettings.EnumerationPrevention.off, AccountSettings.EmailVerification.mandatory),
            (.off, .optional), (.on, .optional), (.on, .none),
        ])
    func `elsewhere a taken address is refused`(
        _ prevention: AccountSettings.EnumerationPrevention, _ verification: AccountSettings.EmailVerification
    ) async throws {
        let world = try World {
            $0.emailVerification = verification
            $0.preventEnumeration = prevention
        }
        _ = try await world.client().signUp("a@x.org")
        let before = try await world.contents()
        let second = try await world.client().signUp("A@X.org ")
        #expect(second.answer == "refused email_taken in email")
        #expect(second.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `strict prevention makes a second account where verification is not mandatory`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        _ = try await world.client().signUp("a@x.org")
        let second = try await world.client().signUp("a@x.org")
        #expect(second.answer == "authenticated")
        #expect(
            second.said == [
                "user_signed_up", "user_logged_in", "email_confirmation_sent: link signup a@x.org primary",
            ])
        #expect(try await world.userCount() == 2)
    }

    @Test func `of two thousand sign-ups with one address at once one makes an account`() async throws {
        let world = try World { $0.emailVerification = .none }
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<2000 {
                group.addTask {
                    try await world.accounts.signUp(
                        SignUp(email: "a@x.org", password: Password(goodPassword))
                    ).text
                }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["authenticated": 1, "refused email_taken in email": 1999])
        #expect(try await world.userCount() == 1)
        #expect(try await world.newSignals().map(\.text) == ["user_signed_up", "user_logged_in"])
    }

    @Test func `a username is taken whatever its case`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        _ = try await world.client().signUp(nil, username: "Ada")
        let before = try await world.contents()
        let second = try await world.client().signUp(nil, username: "aDA")
        #expect(second.answer == "refused username_taken in username")
        #expect(try await world.contents() == before)
    }

    // MARK: Who may not

    @Test func `a filled honeypot is told what a person would be told and nothing is made`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let happened = try await world.client().does {
            try await $0.signUp(
                SignUp(email: "a@x.org", password: Password(goodPassword), honeypot: "http://spam"), $1)
        }
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(happened.said == [])
        #expect(happened.mailed == [])
        #expect(try await world.userCount() == 0)
    }

    @Test func `where sign-up is closed nothing is made`() async throws {
        let world = try World { $0.signupOpen = false }
        let before = try await world.contents()
        #expect(try await world.client().signUp("a@x.org").answer == "closed")
        #expect(try await world.contents() == before)
    }

    @Test func `a hook can close sign-up, and refuse`() async throws {
        var hooks = AccountHooks()
        hooks.maySignUp = { form, _ in form.email != "robot@x.org" }
        hooks.validateSignUp = { form, _ in
            form.email == "b@x.org" ? [Refusal(.invalid, field: "email", "Not you.")] : []
        }
        let world = try World(hooks: hooks)
        #expect(try await world.client().signUp("robot@x.org").answer == "closed")
        #expect(try await world.client().signUp("b@x.org").answer == "refused invalid in email")
        #expect(try await world.userCount() == 0)
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
    }

    @Test func `a hook that throws in the transaction undoes the sign-up with its signals and mails`() async throws {
        struct Full: Error {}
        var hooks = AccountHooks()
        hooks.didSignUp = { _, _ in throw Full() }
        let world = try World(hooks: hooks)
        let before = try await world.contents()
        await #expect(throws: Full.self) {
            try await world.accounts.signUp(SignUp(email: "a@x.org", password: Password(goodPassword)))
        }
        #expect(try await world.contents() == before)
    }

    @Test func `who is logged in cannot sign up`() async throws {
        let world = try World()
        let client = try await world.member("a@x.org")
        let happened = try await client.signUp("b@x.org")
        #expect(happened.answer == "conflict")
        #expect(happened.said == [])
    }

    // MARK: Fields

    @Test(
        arguments: [
            ("bad", goodPassword, "refused invalid in email"),
            ("", goodPassword, "refused required in email"),
            ("a\u{0}@x.org", goodPassword, "refused invalid in email"),
            (String(repeating: "a", count: 250) + "@x.org", goodPassword, "refused max_length in email"),
            ("a@x.org", "short", "refused password_too_short in password"),
            ("a@x.org", "password", "refused password_too_common in password"),
            ("a@x.org", "", "refused required in password"),
            ("a@x.org", "8675309135790", "refused password_entirely_numeric in password"),
            ("a@x.org", "with\u{0}nothing", "refused invalid in password"),
            ("adalovelace@x.org", "adalovelace1", "refused password_too_similar in password"),
            ("bad", "short", "refused invalid in email, password_too_short in password"),
        ])
    func `a field that is wrong is refused and nothing is made`(
        _ email: String, _ password: String, _ answer: String
    ) async throws {
        let world = try World()
        let before = try await world.contents()
        #expect(try await world.client().signUp(email, password).answer == answer)
        #expect(try await world.contents() == before)
    }

    @Test func `a password of more than 4096 bytes is refused and one of 4096 is not`() async throws {
        let world = try World()
        let longest = String(repeating: "aB3-", count: 1024)
        #expect(
            try await world.client().signUp("a@x.org", longest + "x").answer
                == "refused password_too_long in password")
        #expect(try await world.client().signUp("a@x.org", longest).answer == "authenticated")
    }

    @Test func `a password that is not asked for is not taken`() async throws {
        let world = try World {
            $0.emailVerification = .none
            $0.signupFields = [.email: true]
        }
        let happened = try await world.client().signUp("a@x.org")
        #expect(happened.answer == "authenticated")
        #expect(happened.result.authentication?.user.passwordHash == nil)
    }

    @Test func `a password that need not be given may be left out but not be weak`() async throws {
        let world = try World { $0.signupFields = [.email: true, .password1: false] }
        #expect(
            try await world.client().signUp("a@x.org", "short").answer
                == "refused password_too_short in password")
        let happened = try await world.client().signUp("a@x.org", nil)
        #expect(happened.answer == "authenticated")
        #expect(happened.result.authentication?.user.passwordHash == nil)
    }

    @Test func `a second password that differs is refused`() async throws {
        let world = try World { $0.signupFields = [.email: true, .password1: true, .password2: true] }
        let happened = try await world.client().does {
            try await $0.signUp(
                SignUp(
                    email: "a@x.org", password: Password(goodPassword), passwordAgain: Password(otherPassword)),
                $1)
        }
        #expect(happened.answer == "refused password_mismatch in password2")
    }

    // MARK: Limits

    @Test func `the twenty-first sign-up of a minute from one place is put off`() async throws {
        let world = try World(limited: true)
        let client = world.client(ip: "192.0.2.1")
        for number in 1...20 {
            #expect(try await client.signUp("bad \(number)").answer == "refused invalid in email")
        }
        #expect(try await client.signUp("a@x.org").answer == "rate limited")
        #expect(try await world.client(ip: "192.0.2.2").signUp("a@x.org").answer == "authenticated")
        world.clock.advance(by: .seconds(61))
        #expect(try await client.signUp("b@x.org").answer == "authenticated")
    }

    @Test func `an address that is taken is not told of each attempt`() async throws {
        let world = try World(limited: true) { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        #expect(try await world.client().signUp("a@x.org").mailed == [])
        world.clock.advance(by: .seconds(181))
        #expect(try await world.client().signUp("a@x.org").mailed == ["account_already_exists to a@x.org"])
    }
}

extension World {
    func userCount() async throws -> Int {
        try await store.read { (reading: SQLiteReading) in try reading.count(of: "auth_user") }
    }
}
