// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// `account.login_failed`: which refused log-ins emit it, and what it contains.
@Suite struct LoginFailedTests {
    private let wrong = "wrong-Password-1"

    /// The text of all members of a signal.
    private func text(of said: Said) throws -> String {
        String(decoding: try SignalCodec.encoder().encode(said.data), as: UTF8.self)
    }

    @Test func `a wrong password of a known user names the user`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let user = try #require(try await world.user("a@x.org"))
        let happened = try await world.client(ip: "192.0.2.7").logIn("a@x.org", wrong)
        #expect(happened.everythingSaid == ["login_failed: password wrong_password"])
        let said = try #require(happened.everySignal.first)
        #expect(said.subject == user.subject)
        #expect(said.data["user"]?["id"]?.string == user.subject)
        #expect(said.data["request"]?["ip"]?.string == "192.0.2.7")
    }

    @Test func `an unknown address has no user and no subject`() async throws {
        let world = try World()
        let happened = try await world.client().logIn("unknown@x.org", wrong)
        #expect(happened.everythingSaid == ["login_failed: password unknown_user"])
        let said = try #require(happened.everySignal.first)
        #expect(said.subject == nil)
        #expect(said.data["user"] == nil)
    }

    @Test func `an unknown username has no user`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        _ = try await world.client().signUp(nil, username: "ada")
        let unknown = try await world.client().does {
            try await $0.logIn(LogIn(username: "eve", password: Password(wrong)), $1)
        }
        #expect(unknown.everythingSaid == ["login_failed: password unknown_user"])
        #expect(unknown.everySignal.allSatisfy { $0.subject == nil })
        let known = try await world.client().does {
            try await $0.logIn(LogIn(username: "ADA", password: Password(wrong)), $1)
        }
        #expect(known.everythingSaid == ["login_failed: password wrong_password"])
        #expect(known.everySignal.allSatisfy { $0.subject != nil })
    }

    @Test(arguments: ["KNOWN@x.org", "typed.unknown@x.org"])
    func `contains nothing that was typed`(_ address: String) async throws {
        let world = try World()
        _ = try await world.member("known@x.org")
        let happened = try await world.client().logIn(address, wrong)
        let said = try #require(happened.everySignal.first)
        let text = try text(of: said)
        for typed in [address, wrong] { #expect(!text.contains(typed)) }
        // The members are these and no others: a hash of what was typed could be tried out.
        guard case .object(let members) = said.data else {
            Issue.record("the data is not an object")
            return
        }
        let expected: Set =
            address == "KNOWN@x.org"
            ? ["request", "user", "method", "reason"] : ["request", "method", "reason"]
        #expect(Set(members.keys) == expected)
    }

    @Test func `if several accounts have the address, no user is named`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        for _ in 1...2 { _ = try await world.client().signUp("a@x.org") }
        let happened = try await world.client().logIn("a@x.org", wrong)
        #expect(happened.everythingSaid == ["login_failed: password wrong_password"])
        #expect(happened.everySignal.allSatisfy { $0.subject == nil })
    }

    @Test func `a user without a password has a wrong one`() async throws {
        let world = try World { $0.signupFields = [.email: true, .password1: false] }
        _ = try await world.client().signUp("a@x.org", nil)
        let happened = try await world.client().logIn("a@x.org", wrong)
        #expect(happened.everythingSaid == ["login_failed: password wrong_password"])
    }

    @Test func `an inactive user's right password and code are reported`() async throws {
        let world = try World { $0.loginByCodeEnabled = true }
        _ = try await world.member("a@x.org")
        let user = try #require(try await world.user("a@x.org"))
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        try await world.accounts.users.deactivate(user.id)
        #expect(
            try await client.confirmLoginCode(world.code(mailedTo: "a@x.org")).everythingSaid == [
                "login_failed: code inactive_user"
            ])
        #expect(
            try await world.client().logIn("a@x.org").everythingSaid == [
                "login_failed: password inactive_user"
            ])
        #expect(
            try await world.client().logIn("a@x.org", wrong).everythingSaid == [
                "login_failed: password wrong_password"
            ])
    }

    @Test func `as many are emitted as the rate limit allows attempts`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        for email in ["a@x.org", "unknown@x.org"] {
            var emitted = 0
            for _ in 1...9 {
                emitted += try await world.client().logIn(email, wrong).everySignal
                    .count { $0.name == LoginFailed.name }
            }
            #expect(emitted == 5)
        }
    }

    @Test func `known and unknown users cause the same writes`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        var counts = [try await world.rowCounts()]
        for email in ["a@x.org", "unknown@x.org"] {
            _ = try await world.accounts.logIn(LogIn(email: email, password: Password(wrong)))
            counts.append(try await world.rowCounts())
        }
        let known = zip(counts[1], counts[0]).map(-)
        #expect(known == [0, 0, 1])
        #expect(zip(counts[2], counts[1]).map(-) == known)
    }

    @Test func `other refusals do not emit it`() async throws {
        let isClosed = Locked(false)
        var refusing = AccountHooks()
        refusing.mayLogIn = { _, _ in isClosed.value ? Refusal(.usernameTaken, "Closed.") : nil }
        let world = try World(hooks: refusing) { $0.loginByCodeEnabled = true }
        let member = try await world.member("a@x.org")
        #expect(try await world.client().logIn("not an address", wrong).everythingSaid == [])
        #expect(try await world.client().logIn("a@x.org", "").everythingSaid == [])
        #expect(try await member.logIn("a@x.org", wrong).answer == "conflict")
        #expect(try await member.reauthenticate(wrong).everythingSaid == [])
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        #expect(
            try await client.confirmLoginCode("WRONG-CODE").everythingSaid == [
                "login_code_rejected: not last"
            ])
        isClosed.change { $0 = true }
        #expect(try await world.client().logIn("a@x.org").everythingSaid == [])
        isClosed.change { $0 = false }
        #expect(
            try await world.client().logIn("a@x.org").everythingSaid == [
                "authentication_step_completed: password", "user_logged_in",
            ])
    }
}
