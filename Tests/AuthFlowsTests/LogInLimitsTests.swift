// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct LogInLimitsTests {
    @Test func `after five failures even the right password is refused for five minutes`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        for _ in 1...5 {
            #expect(
                try await world.client().logIn("a@x.org", "wrong-Password-1").answer
                    == "refused email_password_mismatch in password")
        }
        let happened = try await world.client().logIn("a@x.org")
        #expect(happened.answer == "refused too_many_login_attempts")
        #expect(happened.said == [])
        world.clock.advance(by: .seconds(301))
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `a right password refunds its own attempt and no other`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        for _ in 1...4 { _ = try await world.client().logIn("a@x.org", "wrong-Password-1") }
        for _ in 1...3 { #expect(try await world.client().logIn("a@x.org").answer == "authenticated") }
        _ = try await world.client().logIn("a@x.org", "wrong-Password-1")
        #expect(try await world.client().logIn("a@x.org").answer == "refused too_many_login_attempts")
    }

    @Test func `failures of one user do not count against another`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        _ = try await world.member("b@x.org")
        for _ in 1...6 { _ = try await world.client().logIn("a@x.org", "wrong-Password-1") }
        #expect(try await world.client().logIn("b@x.org").answer == "authenticated")
    }

    @Test func `of fifty concurrent wrong passwords only five are checked`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await world.accounts.logIn(
                        LogIn(email: "a@x.org", password: Password("wrong-Password-1"))
                    ).text
                }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(
            answers == [
                "refused email_password_mismatch in password": 5, "refused too_many_login_attempts": 45,
            ])
    }

    @Test func `a log-in rejected because hashing is busy does not count as a failure`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        let door = Door()
        let passwords = PasswordHasher(cost: World.cheap, concurrency: 1, queueLimit: 0, schemes: [door])
        let accounts = Accounts(
            store: world.store, keys: world.accounts.keys, settings: world.accounts.settings,
            passwords: passwords, limiter: world.accounts.limiter, clock: world.clock)
        let holder = Task { try await passwords.verify(Password("x"), Door.hash) }
        try await door.waitUntilEntered()
        let form = LogIn(email: "a@x.org", password: Password(goodPassword))
        for _ in 1...6 { await #expect(throws: PasswordHasherError.self) { try await accounts.logIn(form) } }
        door.open()
        _ = try await holder.value
        #expect(try await accounts.logIn(form).text == "authenticated")
    }

    @Test func `a clock that was a day ahead for a minute locks no user out`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        world.clock.advance(by: .seconds(86_400))
        for _ in 1...6 { _ = try await world.client().logIn("a@x.org", "wrong-Password-1") }
        #expect(try await world.client().logIn("a@x.org").answer != "authenticated")
        world.clock.advance(by: .seconds(-86_340))
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }
}
