// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct LogInByCodeTests {
    @Test func `the right code logs in`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        let requested = try await client.requestLoginCode("A@x.org")
        #expect(requested.answer == "unauthenticated login_by_code")
        #expect(requested.said == [])
        #expect(requested.mailed == ["login_code to a@x.org"])
        #expect(try await client.current() == "unauthenticated login_by_code")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: code", "user_logged_in"])
        #expect(happened.signals[0].data["email"]?.string == "a@x.org")
        #expect(happened.signals[1].data["methods"] == .array([.string("code")]))
        #expect(happened.result.authentication?.methods.map(\.method) == [.code])
    }

    @Test(arguments: AccountSettings.EmailVerification.allCases)
    func `a log-in by code verifies the address`(_ verification: AccountSettings.EmailVerification)
        async throws
    {
        let world = try World.takingLoginCodes { $0.emailVerification = verification }
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(
            happened.said == [
                "authentication_step_completed: code", "email_confirmed: a@x.org verified primary",
                "user_logged_in",
            ])
    }

    @Test func `the third wrong code ends the log-in`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        for (number, last) in ["not last", "not last", "last"].enumerated() {
            let happened = try await client.confirmLoginCode(number == 1 ? "" : "WRONG1")
            #expect(happened.answer == "refused \(number == 1 ? "required" : "incorrect_code") in code")
            #expect(happened.said == ["login_code_rejected: \(last)"])
        }
        let fourth = try await client.confirmLoginCode(code)
        #expect(fourth.answer == "conflict")
        #expect(fourth.said == [])
    }

    @Test func `of fifty concurrent wrong codes only three are checked`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let context = client.context
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask { try await world.accounts.confirmLoginCode(Code("WRONG1"), context).text }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["refused incorrect_code in code": 3, "conflict": 47])
    }

    @Test func `a code expires after three minutes`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        world.clock.advance(by: .seconds(180))
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "conflict")
        #expect(happened.said == [])
    }

    @Test func `a code can be used once`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let context = client.context
        let code = Code(try world.code(mailedTo: "a@x.org"))
        async let first = world.accounts.confirmLoginCode(code, context)
        async let second = world.accounts.confirmLoginCode(code, context)
        let answers = try await [first.text, second.text]
        #expect(answers.filter { $0 == "authenticated" }.count == 1)
    }

    @Test func `a new code invalidates the former one and can be requested once`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let former = try world.code(mailedTo: "a@x.org")
        let resent = try await client.does { try await $0.resendLoginCode($1) }
        #expect(resent.answer == "done")
        #expect(resent.said == [])
        #expect(resent.mailed == ["login_code to a@x.org"])
        #expect(try await client.does { try await $0.resendLoginCode($1) }.answer == "conflict")
        #expect(try await client.confirmLoginCode(former).answer == "refused incorrect_code in code")
        #expect(
            try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org")).answer == "authenticated")
    }

    @Test func `a new code expires at the same time as the first`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        world.clock.advance(by: .seconds(100))
        _ = try await client.does { try await $0.resendLoginCode($1) }
        world.clock.advance(by: .seconds(80))
        #expect(try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org")).answer == "conflict")
    }

    @Test func `an unknown address receives a mail without a code, and no code is accepted`() async throws {
        let world = try World.takingLoginCodes()
        let client = world.client()
        let requested = try await client.requestLoginCode("unknown@x.org")
        #expect(requested.answer == "unauthenticated login_by_code")
        #expect(requested.mailed == ["unknown_account to unknown@x.org"])
        #expect(requested.said == [])
        #expect(try await client.does { try await $0.resendLoginCode($1) }.mailed == [])
        for _ in 1...3 {
            let happened = try await client.confirmLoginCode("BCDF-GHJK")
            #expect(happened.answer == "refused incorrect_code in code")
            #expect(happened.said == [])
        }
        #expect(try await client.confirmLoginCode("BCDF-GHJK").answer == "conflict")
    }

    @Test func `known and unknown addresses cause the same writes`() async throws {
        let world = try World.takingLoginCodes()
        _ = try await world.member("a@x.org")
        let before = try await world.rowCounts()
        _ = try await world.accounts.requestLoginCode(RequestLoginCode(email: "a@x.org"))
        let known = zip(try await world.rowCounts(), before).map(-)
        _ = try await world.accounts.requestLoginCode(RequestLoginCode(email: "unknown@x.org"))
        let both = zip(try await world.rowCounts(), before).map(-)
        #expect(known == [1, 1, 0])
        #expect(both == [2, 2, 0])
    }

    @Test func `mails to unknown accounts and enumeration prevention can be switched off`()
        async throws
    {
        let quiet = try World.takingLoginCodes { $0.emailUnknownAccounts = false }
        #expect(try await quiet.client().requestLoginCode("unknown@x.org").mailed == [])
        let open = try World.takingLoginCodes { $0.preventEnumeration = .off }
        let happened = try await open.client().requestLoginCode("unknown@x.org")
        #expect(happened.answer == "refused unknown_email in email")
        #expect(happened.mailed == [])
    }

    @Test func `an inactive user is treated as unknown`() async throws {
        let world = try World.takingLoginCodes()
        let member = try await world.member("a@x.org")
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        try await world.accounts.users.deactivate(user.id)
        let confirmed = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(confirmed.answer == "unauthenticated")
        #expect(confirmed.said == [])
        #expect(try await world.client().requestLoginCode("a@x.org").mailed == ["unknown_account to a@x.org"])
    }

    @Test func `a code can be requested by username`() async throws {
        let world = try World.takingLoginCodes {
            $0.loginMethods = [.username, .email]
            $0.signupFields = [.username: true, .email: true, .password1: true]
        }
        _ = try await world.client().signUp("a@x.org", username: "Ada")
        let client = world.client()
        let requested = try await client.does {
            try await $0.requestLoginCode(RequestLoginCode(username: "ada"), $1)
        }
        #expect(requested.mailed == ["login_code to a@x.org"])
        #expect(
            try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org")).answer == "authenticated")
    }

    @Test func `limits code requests for one address to three a minute`() async throws {
        let world = try World.takingLoginCodes(limited: true)
        _ = try await world.member("a@x.org")
        for _ in 1...3 {
            #expect(
                try await world.client().requestLoginCode("a@x.org").answer == "unauthenticated login_by_code"
            )
        }
        #expect(
            try await world.client().requestLoginCode("a@x.org").answer
                == "refused too_many_login_attempts in email")
    }

    @Test func `mails no code if the setting is off or the user is logged in`() async throws {
        let off = try World()
        _ = try await off.member("a@x.org")
        #expect(try await off.client().requestLoginCode("a@x.org").answer == "conflict")
        let world = try World.takingLoginCodes()
        let member = try await world.member("a@x.org")
        let happened = try await member.requestLoginCode("a@x.org")
        #expect(happened.answer == "conflict")
        #expect(happened.mailed == [])
    }

    @Test func `without passwords at sign-up a log-in without a password requests a code`() async throws {
        let world = try World.takingLoginCodes { $0.signupFields = [.email: true] }
        let lax = World(restarting: world) { $0.emailVerification = .none }
        _ = try await lax.client().signUp("a@x.org", nil)
        let client = world.client()
        let happened = try await client.does { try await $0.logIn(LogIn(email: "a@x.org"), $1) }
        #expect(happened.answer == "unauthenticated login_by_code")
        #expect(happened.mailed == ["login_code to a@x.org"])
        #expect(happened.said == [])
        #expect(
            try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org")).answer == "authenticated")
    }
}
