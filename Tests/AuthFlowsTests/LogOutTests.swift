// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

@Suite struct LogOutTests {
    @Test func `a logged-in user logs out`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let session = try #require(try await world.accounts.sessions.authenticate(token: member.token!))
            .session
        let happened = try await member.logOut()
        #expect(happened.answer == "done")
        #expect(happened.said == ["user_logged_out"])
        #expect(happened.signals[0].data["session"]?["id"]?.string == session.id.wireText)
        #expect(try await member.current() == "gone")
    }

    @Test func `a log-out without a session emits no signal`() async throws {
        let world = try World()
        let before = try await world.contents()
        let happened = try await world.client().logOut()
        #expect(happened.answer == "done")
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `a log-out discards a pending verification and emits no signal`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let happened = try await client.logOut()
        #expect(happened.answer == "done")
        #expect(happened.said == [])
        #expect(try await client.current() == "gone")
    }

    @Test func `a log-out with an unknown token emits no signal`() async throws {
        let world = try World()
        let client = world.client()
        client.token = SessionToken("nonsense")
        let happened = try await client.logOut()
        #expect(happened.answer == "gone")
        #expect(happened.said == [])
    }

    @Test func `a log-out leaves the user's other sessions open`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let other = world.client()
        _ = try await other.logIn("a@x.org")
        _ = try await member.logOut()
        #expect(try await other.current() == "authenticated")
    }
}
