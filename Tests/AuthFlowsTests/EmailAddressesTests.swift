// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

extension Client {
    func addEmail(_ email: String) async throws -> Happened { try await does { try await $0.addEmail(email, $1) } }

    func removeEmail(_ email: String) async throws -> Happened {
        try await does { try await $0.removeEmail(email, $1) }
    }

    func makePrimary(_ email: String) async throws -> Happened {
        try await does { try await $0.makePrimary(email, $1) }
    }

    func resendConfirmation(of email: String) async throws -> Happened {
        try await does { try await $0.resendConfirmation(of: email, $1) }
    }

    func listEmails() async throws -> Happened { try await does { try await $0.listEmails($1) } }
}

@Suite struct AddEmailTests {
    @Test(arguments: [false, true])
    func `by link an address is stored at once and confirmed later`(_ changes: Bool) async throws {
        let world = try World { $0.changeEmail = changes }
        let member = try await world.member("a@x.org")
        let added = try await member.addEmail("B@x.org")
        #expect(added.answer == "a@x.org verified primary, b@x.org")
        #expect(added.said == ["email_added: b@x.org", "email_confirmation_sent: link b@x.org"])
        #expect(added.mailed == ["email_confirmation to b@x.org"])
        #expect(added.signals.allSatisfy { $0.data["user"]?["email"]?.string == "a@x.org" })
    }

    @Test func `a second address is confirmed and does not become primary`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.verify(try world.key(mailedTo: "b@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_confirmed: b@x.org verified"])
    }

    @Test func `where there is no primary address the one that is confirmed becomes it`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        let client = world.client()
        _ = try await client.signUp(nil, username: "ada")
        #expect(try await client.addEmail("a@x.org").answer == "a@x.org")
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.said == ["email_confirmed: a@x.org verified primary"])
    }

    @Test func `another mail can be asked for, but not in the next three minutes`() async throws {
        let world = try World(limited: true)
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let soon = try await member.resendConfirmation(of: "b@x.org")
        #expect(soon.answer == "not sent")
        #expect(soon.said == [])
        world.clock.advance(by: .seconds(181))
        let later = try await member.resendConfirmation(of: "b@x.org")
        #expect(later.answer == "done")
        #expect(later.said == ["email_confirmation_sent: link b@x.org"])
        #expect(later.mailed == ["email_confirmation to b@x.org"])
        #expect(try await member.resendConfirmation(of: "a@x.org").answer == "not sent")
        #expect(try await member.resendConfirmation(of: "c@x.org").answer == "refused unknown_email in email")
    }

    @Test(
        arguments: [
            ("a@x.org", "refused duplicate_email in email"), ("A@X.org", "refused duplicate_email in email"),
            ("not-an-address", "refused invalid in email"), ("", "refused required in email"),
        ])
    func `an address that is there or is none is refused`(_ email: String, _ answer: String) async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await member.addEmail(email)
        #expect(happened.answer == answer)
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `another's address is taken as if it were free and can never be confirmed`() async throws {
        let world = try World()
        _ = try await world.member("b@x.org")
        let member = try await world.member("a@x.org")
        #expect(
            try await member.addEmail("b@x.org").said == [
                "email_added: b@x.org", "email_confirmation_sent: link b@x.org",
            ])
        let happened = try await member.verify(try world.key(mailedTo: "b@x.org"))
        #expect(happened.answer == "refused email_taken in key")
        #expect(happened.said == [])
    }

    @Test func `with nothing hidden another's address is refused`() async throws {
        let world = try World { $0.preventEnumeration = .off }
        _ = try await world.member("b@x.org")
        let member = try await world.member("a@x.org")
        let happened = try await member.addEmail("b@x.org")
        #expect(happened.answer == "refused email_taken in email")
        #expect(happened.said == [])
    }

    @Test func `there are no more addresses than the setting allows`() async throws {
        let world = try World { $0.maxEmailAddresses = 2 }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        #expect(try await member.addEmail("c@x.org").answer == "refused max_email_addresses in email")
    }

    @Test func `the eleventh change of a minute waits`() async throws {
        let world = try World(limited: true)
        let member = try await world.member("a@x.org")
        for _ in 1...10 { _ = try await member.addEmail("bad") }
        #expect(try await member.addEmail("b@x.org").answer == "rate limited")
        #expect(try await member.listEmails().answer == "a@x.org verified primary")
    }

    @Test func `nobody is to log in first`() async throws {
        let world = try World()
        #expect(try await world.client().addEmail("a@x.org").answer == "conflict")
        #expect(try await world.client().listEmails().answer == "unauthenticated")
        #expect(try await world.client().removeEmail("a@x.org").answer == "unauthenticated")
        #expect(try await world.client().makePrimary("a@x.org").answer == "unauthenticated")
        #expect(try await world.client().resendConfirmation(of: "a@x.org").answer == "unauthenticated")
    }

    // MARK: By code

    private func codeWorld(_ more: (inout AccountSettings) -> Void = { _ in }) throws -> World {
        try World { settings in
            settings.emailVerification = .mandatory
            settings.emailVerificationByCode = true
            settings.emailVerificationResends = 1
            more(&settings)
        }
    }

    @Test func `by code nothing is stored until the code is entered`() async throws {
        let world = try codeWorld()
        let member = try await world.member("a@x.org")
        let added = try await member.addEmail("b@x.org")
        #expect(added.answer == "a@x.org verified primary, b@x.org")
        #expect(added.said == ["email_confirmation_sent: code b@x.org"])
        #expect(added.mailed == ["email_confirmation to b@x.org"])
        #expect(try await member.listEmails().answer == "a@x.org verified primary, b@x.org")
        #expect(try await world.addressCount() == 1)
        #expect(try await member.makePrimary("b@x.org").answer == "refused unverified_primary_email in email")

        let happened = try await member.verify(try world.code(mailedTo: "b@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_added: b@x.org verified", "email_confirmed: b@x.org verified"])
        #expect(try await world.addressCount() == 2)
        #expect(try await member.verify("WRONG-CODE").answer == "conflict")
    }

    @Test func `a wrong code is rejected and the third ends it, but not the session`() async throws {
        let world = try codeWorld()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        for last in ["not last", "not last", "last"] {
            #expect(try await member.verify("WRONG-CODE").said == ["email_verification_code_rejected: \(last)"])
        }
        #expect(try await member.verify(try world.code(mailedTo: "b@x.org")).answer == "conflict")
        #expect(try await member.listEmails().answer == "a@x.org verified primary")
    }

    @Test func `a right code for an address that was taken meanwhile uses no attempt`() async throws {
        let world = try codeWorld()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let code = try world.code(mailedTo: "b@x.org")
        _ = try await world.member("b@x.org")
        for _ in 1...4 {
            let happened = try await member.verify(code)
            #expect(happened.answer == "refused email_taken in key")
            #expect(happened.said == [])
        }
        #expect(try await world.addressCount() == 2)
    }

    @Test func `a code can be sent again, or given up`() async throws {
        let world = try codeWorld()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let resent = try await member.resendConfirmation(of: "b@x.org")
        #expect(resent.answer == "done")
        #expect(resent.said == ["email_confirmation_sent: code b@x.org"])
        #expect(try await member.resendConfirmation(of: "b@x.org").answer == "not sent")
        let removed = try await member.removeEmail("b@x.org")
        #expect(removed.answer == "a@x.org verified primary")
        #expect(removed.said == [])
        #expect(try await member.verify(try world.code(mailedTo: "b@x.org")).answer == "conflict")
    }

    @Test func `an address that is stored but not confirmed is confirmed by code`() async throws {
        let world = try codeWorld()
        let member = try await world.member("a@x.org")
        let byLink = World(restarting: world) { $0.emailVerificationByCode = false }.client()
        byLink.token = member.token
        _ = try await byLink.addEmail("b@x.org")
        #expect(
            try await member.resendConfirmation(of: "b@x.org").said == ["email_confirmation_sent: code b@x.org"])
        #expect(
            try await member.verify(try world.code(mailedTo: "b@x.org")).said == [
                "email_confirmed: b@x.org verified",
            ])
    }

    // MARK: An address that replaces the other

    @Test func `in change mode a confirmed address replaces the others`() async throws {
        let world = try World {
            $0.changeEmail = true
            $0.emailNotifications = true
        }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.verify(try world.key(mailedTo: "b@x.org"))
        #expect(
            happened.said == [
                "email_confirmed: b@x.org verified primary",
                "email_changed: a@x.org verified primary to b@x.org verified primary",
                "email_removed: a@x.org verified primary",
            ])
        #expect(happened.signals[1].data["user"]?["email"]?.string == "b@x.org")
        #expect(happened.mailed == ["email_changed to a@x.org"])
        #expect(try await member.listEmails().answer == "b@x.org verified primary")
    }

    @Test func `in change mode the former primary is named, whatever else there was`() async throws {
        let world = try World { $0.changeEmail = true }
        let member = try await world.member("a@x.org")
        let lax = World(restarting: world) { $0.changeEmail = false }
        let before = lax.client()
        before.token = member.token
        _ = try await before.addEmail("b@x.org")
        _ = try await before.verify(try lax.key(mailedTo: "b@x.org"))
        _ = try await before.makePrimary("b@x.org")
        _ = try await member.addEmail("c@x.org")
        #expect(
            try await member.verify(try world.key(mailedTo: "c@x.org")).said == [
                "email_confirmed: c@x.org verified primary",
                "email_changed: b@x.org verified primary to c@x.org verified primary",
                "email_removed: b@x.org verified primary", "email_removed: a@x.org verified",
            ])
    }

    @Test func `in change mode an address that waits is replaced by the next, and that is said`() async throws {
        let world = try World { $0.changeEmail = true }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let former = try world.key(mailedTo: "b@x.org")
        let happened = try await member.addEmail("c@x.org")
        #expect(happened.answer == "a@x.org verified primary, c@x.org")
        #expect(
            happened.said == [
                "email_removed: b@x.org", "email_added: c@x.org", "email_confirmation_sent: link c@x.org",
            ])
        #expect(try await member.verify(former).answer == "refused invalid_or_expired_key in key")
    }

    @Test func `in change mode an unconfirmed only address goes when another is added`() async throws {
        let world = try World {
            $0.changeEmail = true
            $0.emailNotifications = true
        }
        let client = world.client()
        _ = try await client.signUp("typo@x.org")
        #expect(
            try await client.addEmail("a@x.org").said == [
                "email_removed: typo@x.org primary", "email_added: a@x.org",
                "email_confirmation_sent: link a@x.org",
            ])
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(
            happened.said == [
                "email_confirmed: a@x.org verified primary", "email_changed: none to a@x.org verified primary",
            ])
        #expect(happened.mailed == [])
    }

    @Test func `in change mode by code everything comes with the code`() async throws {
        let world = try codeWorld { $0.changeEmail = true }
        let member = try await world.member("a@x.org")
        #expect(try await member.addEmail("b@x.org").said == ["email_confirmation_sent: code b@x.org"])
        #expect(
            try await member.verify(try world.code(mailedTo: "b@x.org")).said == [
                "email_added: b@x.org verified primary", "email_confirmed: b@x.org verified primary",
                "email_changed: a@x.org verified primary to b@x.org verified primary",
                "email_removed: a@x.org verified primary",
            ])
    }

    @Test func `in change mode a sign-up by code confirms its only address and nothing else is said`() async throws {
        let world = try codeWorld { $0.changeEmail = true }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        #expect(
            try await client.verify(try world.code(mailedTo: "a@x.org")).said == [
                "email_confirmed: a@x.org verified primary", "user_logged_in",
            ])
    }
}

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

    @Test func `making the primary address primary changes nothing and says nothing`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await member.makePrimary("a@x.org")
        #expect(happened.answer == "a@x.org verified primary")
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `an unconfirmed address is not made primary while there is a confirmed one`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.makePrimary("b@x.org")
        #expect(happened.answer == "refused unverified_primary_email in email")
        #expect(happened.said == [])
        #expect(try await member.makePrimary("c@x.org").answer == "refused unknown_email in email")
    }

    @Test func `where none is confirmed any can be made primary`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.addEmail("b@x.org")
        #expect(try await client.makePrimary("b@x.org").said == ["email_changed: a@x.org primary to b@x.org primary"])
    }
}

@Suite struct RemoveEmailTests {
    @Test func `a secondary address is removed and the primary one is told`() async throws {
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

    @Test func `the primary address stays while there is another`() async throws {
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

    @Test func `the last address stays where people log in by address only`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        #expect(try await member.removeEmail("a@x.org").answer == "refused cannot_remove_primary_email in email")
    }

    @Test func `where they can log in otherwise it goes`() async throws {
        let world = try World { $0.loginMethods = [.email, .username] }
        let member = try await world.member("a@x.org")
        let happened = try await member.removeEmail("a@x.org")
        #expect(happened.answer == "")
        #expect(happened.said == ["email_removed: a@x.org verified primary"])
        #expect(happened.signals[0].data["user"]?["email"] == nil)
    }
}

extension World {
    func addressCount() async throws -> Int {
        try await store.read { (reading: SQLiteReading) in try reading.count(of: "auth_email_address") }
    }
}
