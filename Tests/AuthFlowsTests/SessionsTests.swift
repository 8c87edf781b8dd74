// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct SessionsTests {
    private func id(_ client: Client) async throws -> Session.ID {
        try #require(try await client.world.accounts.sessions.authenticate(token: client.token!)).session.id
    }

    @Test func `lists the sessions of the user only, newest first`() async throws {
        let world = try World()
        let first = try await world.member("a@x.org")
        _ = try await world.member("b@x.org")
        world.clock.advance(by: .seconds(1))
        let second = world.client()
        _ = try await second.logIn("a@x.org")
        guard case .success(let list) = try await world.accounts.sessions.list(first.context)
        else {
            Issue.record("the sessions were not listed")
            return
        }
        #expect(try await list.sessions.map(\.id) == [id(second), id(first)])
        #expect(try await list.current == id(first))
        #expect(try await world.accounts.sessions.list(world.client().context).text == "unauthenticated")
    }

    @Test func `ending another own session emits session_ended and no user_logged_out`() async throws {
        let world = try World()
        let first = try await world.member("a@x.org")
        let second = world.client()
        _ = try await second.logIn("a@x.org")
        let other = try await id(second)
        let happened = try await first.does { try await $0.sessions.end([other], $1) }
        #expect(happened.answer == "1 sessions")
        #expect(happened.everythingSaid == ["session_ended: ended_by_user"])
        #expect(happened.everySignal[0].data["session"]?["id"]?.string == other.wireText)
        #expect(try await second.current() == "gone")
        #expect(try await first.current() == "authenticated")
    }

    @Test func `ending the current session is a log-out`() async throws {
        let world = try World()
        let first = try await world.member("a@x.org")
        let second = world.client()
        _ = try await second.logIn("a@x.org")
        let both = try await [id(first), id(second)]
        let happened = try await first.does { try await $0.sessions.end(both, $1) }
        #expect(happened.answer == "unauthenticated")
        #expect(
            happened.everythingSaid == [
                "session_ended: ended_by_user", "user_logged_out", "session_ended: ended_by_user",
            ])
        #expect(try await first.current() == "gone")
        #expect(try await second.current() == "gone")
    }

    @Test func `refuses to end a session of another user`() async throws {
        let world = try World()
        let mine = try await world.member("a@x.org")
        let second = world.client()
        _ = try await second.logIn("a@x.org")
        let other = try await world.member("b@x.org")
        let ids = try await [id(second), id(other)]
        let happened = try await mine.does { try await $0.sessions.end(ids, $1) }
        #expect(happened.answer == "refused invalid_choice in sessions")
        #expect(try await other.current() == "authenticated")
        #expect(try await second.current() == "authenticated")
    }

    @Test func `a token identifies its user, and the token of an anonymous session nothing`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let authentication = try await world.accounts.sessions.authenticate(token: member.token!)
        #expect(authentication?.email == "a@x.org")
        #expect(try await world.accounts.sessions.authenticate(token: SessionToken("nonsense")) == nil)
        let anonymous = World(restarting: world) { $0.emailVerification = .mandatory }.client()
        _ = try await anonymous.signUp("b@x.org")
        #expect(try await world.accounts.sessions.authenticate(token: anonymous.token!) == nil)
    }
}
