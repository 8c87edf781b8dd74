// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
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

    @Test func `without an address a sign-up with optional verification logs in and mails nothing`()
        async throws
    {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: false, .password1: true]
        }
        let happened = try await world.client().signUp(nil, username: "ada")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["user_signed_up", "user_logged_in"])
        #expect(happened.mailed == [])
    }

    @Test func `with mandatory verification a sign-up stays pending until its link is opened`() async throws {
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
        let info = try await world.accounts.emailConfirmation(for: LinkKey(key), client.context)
        #expect(info?.email == "a@x.org")
        #expect(info?.isPendingLogin == true)
        #expect(try await world.contents() == before)

        let confirmed = try await client.verify(key)
        #expect(confirmed.answer == "unauthenticated")
        #expect(confirmed.said == ["email_confirmed: a@x.org verified primary"])
        #expect(try await client.current() == "unauthenticated")
    }

    @Test func `all signals of one call have its correlation id and the user as subject`() async throws {
        let world = try World()
        let happened = try await world.client().signUp("a@x.org")
        let user = try #require(happened.result.authentication?.user)
        #expect(Set(happened.signals.map(\.correlationID)).count == 1)
        #expect(happened.signals.map(\.subject) == Array(repeating: user.id.wireText, count: 3))
        #expect(happened.signals.allSatisfy { $0.data["user"]?["email"]?.string == "a@x.org" })
    }

    // MARK: Refused sign-ups

    @Test func `a filled honeypot gets the result of a sign-up, and nothing is created`() async throws {
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

    @Test func `a closed sign-up creates nothing`() async throws {
        let world = try World { $0.signupOpen = false }
        let before = try await world.contents()
        #expect(try await world.client().signUp("a@x.org").answer == "closed")
        #expect(try await world.contents() == before)
    }

    @Test func `a hook can close sign-up or refuse a form`() async throws {
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

    @Test func `a hook that throws in the transaction rolls back the sign-up, its signals and mails`()
        async throws
    {
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

    @Test func `a logged-in user cannot sign up`() async throws {
        let world = try World()
        let client = try await world.member("a@x.org")
        let happened = try await client.signUp("b@x.org")
        #expect(happened.answer == "conflict")
        #expect(happened.said == [])
    }

    // MARK: Limits

    @Test func `limits sign-ups from one IP address to twenty a minute`() async throws {
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

    @Test func `limits the mails about sign-ups with a taken address`() async throws {
        let world = try World(limited: true) { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        #expect(try await world.client().signUp("a@x.org").mailed == [])
        world.clock.advance(by: .seconds(181))
        #expect(try await world.client().signUp("a@x.org").mailed == ["account_already_exists to a@x.org"])
    }
}

extension World {
    func userCount() async throws -> Int {
        try await store.read { reading in try reading.count(of: "auth_user") }
    }
}
