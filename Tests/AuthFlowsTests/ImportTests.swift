// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct ImportTests {
    private let moved = ImportedUser(
        username: "ada", email: "A@x.org", isEmailVerified: true,
        passwordHash: PasswordHash(
            stored: "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="),
        dateJoined: Date(timeIntervalSince1970: 1_500_000_000))

    @Test func `an imported user logs in with the former password and gets a scrypt hash`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let user = try await world.accounts.users.add(moved)
        #expect(try await world.newSignals().isEmpty)
        let happened = try await world.client().logIn("a@x.org", "lètmein")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: password", "user_logged_in"])
        let now = try #require(try await world.accounts.users.user(id: user.id))
        #expect(now.passwordHash?.exposedText.hasPrefix("scrypt$16$") == true)
        #expect(now.dateJoined == moved.dateJoined)
        #expect(try await world.client().logIn("a@x.org", "lètmein").answer == "authenticated")
        #expect(
            try await world.client().logIn("a@x.org", "letmein").answer
                == "refused email_password_mismatch in password")
    }

    @Test func `refuses to import a taken verified address or username, and writes nothing`()
        async throws
    {
        let world = try World()
        _ = try await world.accounts.users.add(moved)
        let before = try await world.contents()
        var other = moved
        other.username = "eve"
        await #expect(throws: StoreConflict.verifiedEmail) { try await world.accounts.users.add(other) }
        other = moved
        other.email = "b@x.org"
        await #expect(throws: StoreConflict.username) { try await world.accounts.users.add(other) }
        other.email = "bad"
        await #expect(throws: Refusal.self) { try await world.accounts.users.add(other) }
        #expect(try await world.contents() == before)
    }

    @Test func `an administrator confirms an address once and does not change the primary one`()
        async throws
    {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        _ = try await world.newSignals()
        #expect(try await world.accounts.users.confirmEmail("B@x.org", of: user.id))
        #expect(try await world.newSignals().map(\.text) == ["email_confirmed: b@x.org verified"])
        #expect(try await world.accounts.users.confirmEmail("b@x.org", of: user.id) == false)
        #expect(try await world.accounts.users.confirmEmail("c@x.org", of: user.id) == false)
        #expect(try await world.newSignals().isEmpty)
    }

    @Test func `an invitation verifies its address`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let happened = try await world.client().does { accounts, context in
            var form = SignUp(email: "A@x.org", password: Password(goodPassword))
            form.invitedEmail = "a@x.org"
            return try await accounts.signUp(form, context)
        }
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["user_signed_up", "user_logged_in"])
        #expect(happened.mailed == [])
        #expect(happened.result.authentication?.emailAddresses.map(\.text) == ["a@x.org verified primary"])
    }

    @Test func `an invitation for another address verifies nothing`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let happened = try await world.client().does { accounts, context in
            var form = SignUp(email: "b@x.org", password: Password(goodPassword))
            form.invitedEmail = "a@x.org"
            return try await accounts.signUp(form, context)
        }
        #expect(happened.answer == "unauthenticated verify_email")
    }

    @Test func `refuses an invitation to an address that another user has verified`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.member("a@x.org")
        let happened = try await world.client().does { accounts, context in
            var form = SignUp(email: "a@x.org", password: Password(goodPassword))
            form.invitedEmail = "a@x.org"
            return try await accounts.signUp(form, context)
        }
        #expect(happened.answer == "refused email_taken in email")
    }
}
