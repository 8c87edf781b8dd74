// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct SignUpTakenAddressTests {
    @Test(arguments: [AccountSettings.EnumerationPrevention.on, .strict])
    func `with mandatory verification a sign-up does not reveal that an address is taken`(
        _ prevention: AccountSettings.EnumerationPrevention
    ) async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.preventEnumeration = prevention
        }
        let first = try await world.client().signUp("a@x.org")
        let client = world.client()
        let second = try await client.signUp("a@x.org")
        #expect(second.answer == first.answer)
        #expect(second.said == [])
        #expect(second.mailed == ["account_already_exists to a@x.org"])
        #expect(try await client.current() == "unauthenticated verify_email")
        #expect(try await world.userCount() == 1)
    }

    @Test(
        arguments: [
            (AccountSettings.EnumerationPrevention.off, AccountSettings.EmailVerification.mandatory),
            (.off, .optional), (.on, .optional), (.on, .none),
        ])
    func `without mandatory verification or prevention a taken address is refused`(
        _ prevention: AccountSettings.EnumerationPrevention, _ verification: AccountSettings.EmailVerification
    ) async throws {
        let world = try World {
            $0.emailVerification = verification
            $0.preventEnumeration = prevention
        }
        _ = try await world.client().signUp("a@x.org")
        let before = try await world.contents()
        let second = try await world.client().signUp("A@X.org ")
        #expect(second.answer == "refused email_taken in email")
        #expect(second.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `with strict prevention and optional verification a second account is created`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        _ = try await world.client().signUp("a@x.org")
        let second = try await world.client().signUp("a@x.org")
        #expect(second.answer == "authenticated")
        #expect(
            second.said == [
                "user_signed_up", "user_logged_in", "email_confirmation_sent: link signup a@x.org primary",
            ])
        #expect(try await world.userCount() == 2)
    }

    @Test func `of two thousand concurrent sign-ups with one address only one succeeds`() async throws {
        let world = try World { $0.emailVerification = .none }
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<2000 {
                group.addTask {
                    try await world.accounts.signUp(
                        SignUp(email: "a@x.org", password: Password(goodPassword))
                    ).text
                }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["authenticated": 1, "refused email_taken in email": 1999])
        #expect(try await world.userCount() == 1)
        #expect(try await world.newSignals().map(\.text) == ["user_signed_up", "user_logged_in"])
    }

    @Test func `a username is taken regardless of case`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        _ = try await world.client().signUp(nil, username: "Ada")
        let before = try await world.contents()
        let second = try await world.client().signUp(nil, username: "aDA")
        #expect(second.answer == "refused username_taken in username")
        #expect(try await world.contents() == before)
    }

    @Test func `a username taken by another process during the sign-up is refused`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        let raced = RacedStore(world.store, .username) {
            _ = try await world.accounts.users.add(
                ImportedUser(username: "ada", dateJoined: world.clock.now()))
        }
        let accounts = Accounts(
            store: raced, keys: world.accounts.keys, settings: world.accounts.settings,
            passwords: world.accounts.passwords, clock: world.clock)
        let result = try await accounts.signUp(SignUp(username: "Ada", password: Password(goodPassword)))
        #expect(result.text == "refused username_taken in username")
        #expect(try await world.newSignals().isEmpty)
    }

    @Test func `a persistent store conflict is thrown instead of retried forever`() async throws {
        let world = try World()
        let raced = RacedStore(world.store, .verifiedEmail, times: .max)
        let accounts = Accounts(
            store: raced, keys: world.accounts.keys, passwords: world.accounts.passwords, clock: world.clock)
        await #expect(throws: StoreConflict.verifiedEmail) {
            try await accounts.signUp(SignUp(email: "a@x.org", password: Password(goodPassword)))
        }
    }

    @Test func `email_confirmation_sent is emitted when the mail was accepted, not before`() async throws {
        let world = try World()
        _ = try await world.accounts.signUp(SignUp(email: "a@x.org", password: Password(goodPassword)))
        #expect(try await world.newSignals().map(\.text) == ["user_signed_up", "user_logged_in"])
        world.clock.advance(by: .seconds(60))
        try await world.deliver()
        #expect(
            try await world.newSignals().map(\.text) == [
                "email_confirmation_sent: link signup a@x.org primary"
            ])
    }
}
