// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct RemoveEmailTests {
    @Test func `removes a secondary address and notifies the primary one`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.removeEmail("b@x.org")
        #expect(happened.answer == "a@x.org verified primary")
        #expect(happened.said == ["email_removed: b@x.org"])
        #expect(happened.signals[0].data["email_address"]?["id"]?.string?.isEmpty == false)
        #expect(happened.mailed == ["email_deleted to a@x.org"])
        #expect(happened.mails[0].values["email"] == "b@x.org")
    }

    @Test func `the primary address cannot be removed if others exist`() async throws {
        let world = try World {
            $0.loginMethods = [.email, .username]
        }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let before = try await world.contents()
        let happened = try await member.removeEmail("a@x.org")
        #expect(happened.answer == "refused cannot_remove_primary_email in email")
        #expect(try await world.contents() == before)
        #expect(try await member.removeEmail("c@x.org").answer == "refused unknown_email in email")
    }

    @Test func `the last address cannot be removed if users log in by address only`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        #expect(
            try await member.removeEmail("a@x.org").answer == "refused cannot_remove_primary_email in email")
    }

    @Test func `the last address can be removed if users can log in by username`() async throws {
        let world = try World { $0.loginMethods = [.email, .username] }
        let member = try await world.member("a@x.org")
        let happened = try await member.removeEmail("a@x.org")
        #expect(happened.answer == "")
        #expect(happened.said == ["email_removed: a@x.org verified primary"])
        #expect(happened.signals[0].data["user"]?["email"] == nil)
    }
}
