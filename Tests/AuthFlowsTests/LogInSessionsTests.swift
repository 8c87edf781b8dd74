// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct LogInSessionsTests {
    @Test func `a log-in replaces the session token, and the former one is invalid`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.signUp("b@x.org")
        let anonymous = try #require(client.token)
        _ = try await client.logIn("a@x.org")
        let token = try #require(client.token)
        #expect(token.exposedText != anonymous.exposedText)
        #expect(try await world.accounts.sessions.authenticate(token: token)?.email == "a@x.org")
        #expect(try await world.accounts.sessions.current(FlowContext(token: anonymous)).text == "gone")
    }

    @Test func `a session expires after its age`() async throws {
        let world = try World { $0.sessionAge = 100 }
        let member = try await world.member("a@x.org")
        world.clock.advance(by: .seconds(99))
        #expect(try await member.current() == "authenticated")
        world.clock.advance(by: .seconds(1))
        #expect(try await member.current() == "gone")
    }

    @Test(
        arguments: [(nil, nil, nil), (nil, false, false), (true, false, true), (false, true, false)]
            as [(Bool?, Bool?, Bool?)])
    func `a session is remembered by the setting, or else by the user's choice`(
        _ setting: Bool?, _ choice: Bool?, _ remembered: Bool?
    ) async throws {
        let world = try World { $0.sessionRemember = setting }
        _ = try await world.member("a@x.org")
        let happened = try await world.client().does {
            try await $0.logIn(
                LogIn(email: "a@x.org", password: Password(goodPassword), remember: choice), $1)
        }
        #expect(happened.result.authentication?.session.state.remember == remembered)
    }
}
