// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// `account.signup_completed`: once for each account, when its first address is proved.
@Suite struct SignupCompletedTests {
    private func completed(_ said: [Said]) -> [Said] { said.filter { $0.name == SignupCompleted.name } }

    @Test func `names the user and the address that was proved`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let happened = try await world.client().verify(world.key(mailedTo: "a@x.org"))
        #expect(
            happened.everythingSaid == [
                "email_confirmed: a@x.org verified primary", "signup_completed: a@x.org verified primary",
            ])
        let user = try #require(try await world.user("a@x.org"))
        let said = try #require(completed(happened.everySignal).first)
        #expect(said.subject == user.subject)
        #expect(said.data["user"]?["email"]?.string == "a@x.org")
        #expect(Set(happened.everySignal.map(\.correlationID)).count == 1)
    }

    @Test(arguments: [AccountSettings.EmailVerification.none, .optional])
    func `without mandatory verification it is emitted only when an address is proved`(
        _ verification: AccountSettings.EmailVerification
    ) async throws {
        let world = try World {
            $0.emailVerification = verification
            $0.loginByCodeEnabled = true
        }
        #expect(try await completed(world.client().signUp("a@x.org").everySignal).isEmpty)
        #expect(try await completed(world.client().logIn("a@x.org").everySignal).isEmpty)
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let proved = try await client.confirmLoginCode(world.code(mailedTo: "a@x.org"))
        #expect(completed(proved.everySignal).count == 1)
    }

    @Test func `a reset proves the address, too`() async throws {
        let world = try World()
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let happened = try await world.client().reset(world.key(mailedTo: "a@x.org"))
        #expect(completed(happened.everySignal).count == 1)
    }

    @Test func `a provider's verified address completes the sign-up at once, another one does not`()
        async throws
    {
        let world = try World()
        let verified = try await world.client().social("1 a@x.org*")
        #expect(
            verified.everythingSaid.suffix(3) == [
                "user_signed_up", "signup_completed: a@x.org verified primary", "user_logged_in",
            ])
        let unverified = try await world.client().social("2 b@x.org")
        #expect(completed(unverified.everySignal).isEmpty)
        let proved = try await world.client().verify(world.key(mailedTo: "b@x.org"))
        #expect(completed(proved.everySignal).count == 1)
    }

    @Test func `an account that loses its proved addresses does not complete its sign-up again`()
        async throws
    {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: true, .password1: true]
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org", username: "ada")
        let first = try await client.verify(world.key(mailedTo: "a@x.org"))
        #expect(completed(first.everySignal).count == 1)
        #expect(try await client.removeEmail("a@x.org").said.count == 1)
        _ = try await client.addEmail("b@x.org")
        let second = try await client.verify(world.key(mailedTo: "b@x.org"))
        #expect(second.everythingSaid == ["email_confirmed: b@x.org verified primary"])
    }

    @Test func `a second address and an imported user have none`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let second = try await member.verify(world.key(mailedTo: "b@x.org"))
        #expect(completed(second.everySignal).isEmpty)

        var imported = ImportedUser(dateJoined: world.clock.now())
        imported.email = "c@x.org"
        let user = try await world.accounts.users.add(imported)
        #expect(try await world.accounts.users.confirmEmail("c@x.org", of: user.id))
        #expect(try await completed(world.everyNewSignal()).isEmpty)
    }

    @Test func `an administrator's confirmation completes the sign-up`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let user = try #require(try await world.user("a@x.org"))
        _ = try await world.everyNewSignal()
        #expect(try await world.accounts.users.confirmEmail("a@x.org", of: user.id))
        #expect(
            try await world.everyNewSignal().map(\.text) == [
                "email_confirmed: a@x.org verified primary", "signup_completed: a@x.org verified primary",
            ])
    }

    @Test func `of twenty concurrent proofs of two addresses only one completes the sign-up`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.addEmail("b@x.org")
        let keys = try ["a@x.org", "b@x.org"].map { LinkKey(try world.key(mailedTo: $0)) }
        _ = try await world.everyNewSignal()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for index in 0..<20 {
                tasks.addTask { _ = try await world.accounts.confirmEmail(keys[index % 2]) }
            }
            try await tasks.waitForAll()
        }
        let said = try await world.everyNewSignal()
        #expect(said.filter { $0.name == EmailConfirmed.name }.count == 2)
        #expect(completed(said).count == 1)
    }

    @Test func `a sign-up that is only pretended completes nothing`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.member("a@x.org")
        #expect(try await world.client().signUp("a@x.org").everythingSaid == [])
    }
}
