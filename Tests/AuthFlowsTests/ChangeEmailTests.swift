// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct ChangeEmailTests {
    @Test func `a confirmed address can be made primary`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        _ = try await member.verify(try world.key(mailedTo: "b@x.org"))
        let happened = try await member.makePrimary("B@x.org")
        #expect(happened.answer == "b@x.org verified primary, a@x.org verified")
        #expect(happened.said == ["email_changed: a@x.org verified primary to b@x.org verified primary"])
        #expect(happened.signals[0].data["user"]?["email"]?.string == "b@x.org")
        #expect(happened.mailed == ["email_changed to a@x.org"])
        #expect(happened.mails[0].values["from_email"] == "a@x.org")
        #expect(happened.mails[0].values["to_email"] == "b@x.org")
    }

    @Test func `making the primary address primary again changes nothing and emits no signal`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await member.makePrimary("a@x.org")
        #expect(happened.answer == "a@x.org verified primary")
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `refuses an unconfirmed address as primary if the user has a confirmed one`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.makePrimary("b@x.org")
        #expect(happened.answer == "refused unverified_primary_email in email")
        #expect(happened.said == [])
        #expect(try await member.makePrimary("c@x.org").answer == "refused unknown_email in email")
    }

    @Test func `any address can be made primary if none is confirmed`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.addEmail("b@x.org")
        #expect(
            try await client.makePrimary("b@x.org").said == [
                "email_changed: a@x.org primary to b@x.org primary"
            ])
    }
}
