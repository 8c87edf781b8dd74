// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct UsersTests {
    @Test func `deleting a user deletes addresses, sessions and mails, and emits user_deleted`() async throws
    {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.social("1", .connect)
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        _ = try await world.member("b@x.org")
        try await world.store.transaction { (transaction: any AccountTransaction) in
            for email in ["a@x.org", "b@x.org"] {
                try transaction.queue(MailDraft(.passwordChanged, to: email, values: [:]))
            }
        }
        _ = try await world.everyNewSignal()
        #expect(try await world.accounts.users.delete(user.id))
        let said = try await world.everyNewSignal()
        #expect(said.map(\.text) == ["session_ended: deleted", "user_deleted"])
        // The ids and the address are those from before the deletion.
        #expect(said.allSatisfy { $0.subject == user.subject && $0.data["user"]?["email"] == "a@x.org" })
        #expect(try await world.accounts.users.user(id: user.id) == nil)
        #expect(try await world.addressCount() == 1)
        #expect(try await world.deliver().map(\.to) == ["b@x.org"])
        #expect(try await member.current() == "gone")
        #expect(try await world.accounts.users.delete(user.id) == false)
        #expect(try await world.everyNewSignal().isEmpty)
        // The address and the account at the provider are free again.
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
        #expect(try await world.client().social("1 c@x.org*").answer == "authenticated")
    }

    @Test func `deactivating ends the sessions, and is reported once, as is activating`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let user = try #require(try await world.user("a@x.org"))
        _ = try await world.everyNewSignal()
        #expect(try await world.accounts.users.deactivate(user.id))
        let deactivated = try await world.everyNewSignal()
        #expect(deactivated.map(\.text) == ["session_ended: deactivated", "user_deactivated"])
        #expect(deactivated.allSatisfy { $0.data["user"]?["is_active"] == .bool(false) })
        #expect(try await member.current() == "gone")
        #expect(try await world.accounts.users.deactivate(user.id))
        #expect(try await world.everyNewSignal().isEmpty)

        #expect(try await world.accounts.users.activate(user.id))
        let activated = try await world.everyNewSignal()
        #expect(activated.map(\.text) == ["user_activated"])
        #expect(activated.allSatisfy { $0.data["user"]?["is_active"] == .bool(true) })
        #expect(try await world.accounts.users.activate(user.id))
        #expect(try await world.everyNewSignal().isEmpty)
    }

    @Test func `ending the sessions of a user leaves those of others`() async throws {
        let world = try World()
        let (first, other) = (try await world.member("a@x.org"), try await world.member("b@x.org"))
        let second = world.client()
        _ = try await second.logIn("a@x.org")
        let user = try #require(try await world.user("a@x.org"))
        _ = try await world.everyNewSignal()
        #expect(try await world.accounts.users.endSessions(of: user.id) == 2)
        let said = try await world.everyNewSignal()
        #expect(said.map(\.text) == Array(repeating: "session_ended: ended_by_operator", count: 2))
        #expect(Set(said.compactMap { $0.data["session"]?["id"]?.string }).count == 2)
        for client in [first, second] { #expect(try await client.current() == "gone") }
        #expect(try await other.current() == "authenticated")
        #expect(try await world.accounts.users.endSessions(of: user.id) == 0)
        #expect(try await world.accounts.users.endSessions(of: UUID()) == nil)
        #expect(try await world.everyNewSignal().isEmpty)
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `a session that expired before is reported as expired when the others end`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let user = try #require(try await world.user("a@x.org"))
        let past = Date(timeIntervalSince1970: 1_000_000_000)
        try await world.store.transaction { (transaction: any AccountTransaction) in
            try transaction.insert(
                Session(
                    id: .version7(), tokenHash: SessionToken.random().hash, userID: user.id, client: .app,
                    createdAt: past, expiresAt: past + 60, lastSeenAt: past, ip: nil, userAgent: nil))
        }
        _ = try await world.everyNewSignal()
        #expect(try await world.accounts.users.endSessions(of: user.id) == 1)
        let said = try await world.everyNewSignal().map(\.text)
        #expect(said == ["session_ended: expired", "session_ended: ended_by_operator"])
    }

    @Test func `activating or deactivating an unknown user does nothing`() async throws {
        let world = try World()
        #expect(try await world.accounts.users.deactivate(UUID()) == false)
        #expect(try await world.accounts.users.activate(UUID()) == false)
        #expect(try await world.accounts.users.emailAddresses(of: UUID()).isEmpty)
    }
}
