// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

extension Client {
    func reauthenticate(_ password: String?) async throws -> Happened {
        try await does { try await $0.reauthenticate(password.map { Password($0) }, $1) }
    }
}

@Suite struct ReauthenticateTests {
    @Test func `the right password reauthenticates`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.logIn("a@x.org")
        let token = try #require(client.token)
        let happened = try await client.reauthenticate(goodPassword)
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: password reauthenticated"])
        #expect(happened.result.authentication?.methods.map(\.reauthenticated) == [nil, true])
        #expect(client.token?.exposedText == token.exposedText)
    }

    @Test(
        arguments: [
            ("wrong-Password-1", "refused incorrect_password in password"),
            ("", "refused required in password"),
            (nil, "refused required in password"),
            (String(repeating: "x", count: 4097), "refused incorrect_password in password"),
        ])
    func `a wrong password changes nothing and emits no signal`(_ password: String?, _ answer: String)
        async throws
    {
        let world = try World()
        let member = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await member.reauthenticate(password)
        #expect(happened.answer == answer)
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `requires a logged-in user`() async throws {
        let world = try World()
        #expect(try await world.client().reauthenticate(goodPassword).answer == "unauthenticated")
    }

    @Test(arguments: ["add", "primary", "remove"])
    func `a stale session is refused until the user reauthenticates`(_ call: String) async throws {
        let world = try World {
            $0.reauthenticationRequired = true
            $0.reauthenticationTimeout = 300
        }
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.logIn("a@x.org")
        _ = try await client.reauthenticate(goodPassword)
        _ = try await client.addEmail("b@x.org")
        _ = try await client.verify(try world.key(mailedTo: "b@x.org"))
        func change() async throws -> Happened {
            switch call {
            case "add": try await client.addEmail("c@x.org")
            case "primary": try await client.makePrimary("b@x.org")
            default: try await client.removeEmail("b@x.org")
            }
        }
        world.clock.advance(by: .seconds(300))
        let before = try await world.contents()
        let stale = try await change()
        #expect(stale.answer == "reauthentication required")
        #expect(stale.said == [])
        #expect(try await world.contents() == before)
        _ = try await client.reauthenticate(goodPassword)
        world.clock.advance(by: .seconds(299))
        #expect(try await change().said.isEmpty == false)
    }

    @Test func `a recent log-in does not count as reauthentication`() async throws {
        let world = try World { $0.reauthenticationRequired = true }
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.logIn("a@x.org")
        #expect(try await client.addEmail("b@x.org").answer == "reauthentication required")
        _ = try await client.reauthenticate(goodPassword)
        #expect(try await client.addEmail("b@x.org").answer == "a@x.org verified primary, b@x.org")
    }

    @Test(
        arguments: [
            (true, nil, true), (true, false, false), (false, true, true), (false, nil, false),
        ] as [(Bool, Bool?, Bool)])
    func `reauthentication for social accounts has its own setting`(
        _ required: Bool, _ social: Bool?, _ isAsked: Bool
    ) async throws {
        let world = try World {
            $0.reauthenticationRequired = required
            $0.social.reauthenticationRequired = social
        }
        let member = try await world.member("a@x.org")
        let connected = try await member.social("1 a@x.org*", .connect)
        #expect(connected.answer == (isAsked ? "reauthentication required" : "authenticated"))
        #expect(
            try await member.addEmail("b@x.org").answer
                == (required ? "reauthentication required" : "a@x.org verified primary, b@x.org"))
        _ = try await member.reauthenticate(goodPassword)
        _ = try await member.social("1 a@x.org*", .connect)
        world.clock.advance(by: .seconds(300))
        #expect(
            try await member.disconnect("1").answer == (isAsked ? "reauthentication required" : "accounts "))
    }

    @Test func `with a time-out of zero reauthentication is always required`() async throws {
        let world = try World {
            $0.emailVerification = .none
            $0.reauthenticationRequired = true
            $0.reauthenticationTimeout = 0
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        #expect(try await client.addEmail("b@x.org").answer == "reauthentication required")
        #expect(try await client.reauthenticate(goodPassword).answer == "authenticated")
        #expect(try await client.addEmail("b@x.org").answer == "reauthentication required")
    }

    @Test func `an invalid value is refused before reauthentication is required`() async throws {
        let world = try World {
            $0.reauthenticationRequired = true
            $0.reauthenticationTimeout = 0
        }
        let member = try await world.member("a@x.org")
        #expect(try await member.addEmail("bad").answer == "refused invalid in email")
        #expect(try await member.addEmail("a@x.org").answer == "refused duplicate_email in email")
    }

    @Test func `a user without a password never needs to reauthenticate`() async throws {
        let world = try World {
            $0.signupFields = [.email: true]
            $0.reauthenticationRequired = true
            $0.reauthenticationTimeout = 0
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org", nil)
        #expect(try await client.addEmail("b@x.org").answer == "a@x.org primary, b@x.org")
        #expect(
            try await client.reauthenticate(goodPassword).answer == "refused incorrect_password in password")
    }

    @Test func `no session is stale if the setting is off`() async throws {
        let world = try World { $0.reauthenticationTimeout = 0 }
        let member = try await world.member("a@x.org")
        #expect(try await member.addEmail("b@x.org").answer == "a@x.org verified primary, b@x.org")
    }

    @Test func `the method records of a session are bounded, and the log-in's record is kept`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let client = world.client()
        let first = try await client.logIn("a@x.org").result.authentication?.methods.first
        for _ in 1...40 { _ = try await client.reauthenticate(goodPassword) }
        let methods = try #require(try await world.accounts.sessions.authenticate(token: client.token!))
            .methods
        #expect(methods.count == 32)
        #expect(methods.first == first)
    }

    @Test func `limits reauthentication to ten attempts a minute`() async throws {
        let world = try World(limited: true)
        let member = try await world.member("a@x.org")
        for _ in 1...10 { _ = try await member.reauthenticate("wrong-Password-1") }
        #expect(try await member.reauthenticate(goodPassword).answer == "rate limited")
    }
}
