// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct ConfirmEmailTests {
    @Test func `a link opened in the same session can complete the log-in`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(happened.signals[1].data["methods"] == .array([]))
    }

    @Test func `a link opened in another browser only confirms the address`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let happened = try await world.client().verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["email_confirmed: a@x.org verified primary"])
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `a pending log-in that has expired is not completed`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
            $0.loginTimeout = 900
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        world.clock.advance(by: .seconds(600))
        // Another request keeps the session alive.
        _ = try await client.does { try await $0.requestPasswordReset("a@x.org", $1) }
        world.clock.advance(by: .seconds(301))
        #expect(try await client.verify(try world.key(mailedTo: "a@x.org")).answer != "authenticated")
    }

    @Test func `a link can be used once`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await client.verify(key)
        let before = try await world.contents()
        let again = try await client.verify(key)
        #expect(again.answer == "refused invalid_or_expired_key in key")
        #expect(again.said == [])
        #expect(try await world.contents() == before)
        #expect(try await world.accounts.emailConfirmation(for: LinkKey(key)) == nil)
    }

    @Test func `of two concurrent uses only one confirms`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let key = LinkKey(try world.key(mailedTo: "a@x.org"))
        _ = try await world.newSignals()
        async let first = world.accounts.confirmEmail(key)
        async let second = world.accounts.confirmEmail(key)
        let answers = try await [first.text, second.text]
        #expect(answers.sorted() == ["refused invalid_or_expired_key in key", "unauthenticated"])
        #expect(try await world.newSignals().map(\.text) == ["email_confirmed: a@x.org verified primary"])
    }

    @Test func `a link expires after three days`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        world.clock.advance(by: .seconds(3 * 86400))
        #expect(try await world.client().verify(key).answer == "refused invalid_or_expired_key in key")
        #expect(try await world.accounts.emailConfirmation(for: LinkKey(key)) == nil)
        world.clock.advance(by: .seconds(-1))
        #expect(try await world.client().verify(key).answer == "unauthenticated")
    }

    @Test(arguments: [
        "", "bad-key", "AAAA", String(repeating: "A", count: 75), String(repeating: "A", count: 100_000),
    ])
    func `a forged key confirms nothing`(_ key: String) async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let answer = try await world.client().verify(key).answer
        #expect(answer == (key.isEmpty ? "refused required in key" : "refused invalid_or_expired_key in key"))
    }

    @Test func `a key with any character changed confirms nothing`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        for index in key.indices.dropLast() {
            var changed = key
            changed.replaceSubrange(index...index, with: key[index] == "A" ? "B" : "A")
            #expect(try await world.accounts.emailConfirmation(for: LinkKey(changed)) == nil)
        }
        #expect(try await world.accounts.emailConfirmation(for: LinkKey(key)) != nil)
    }

    @Test func `a link opened in another user's session ends that session`() async throws {
        let world = try World()
        let other = try await world.member("b@x.org")
        _ = try await world.client().signUp("a@x.org")
        let happened = try await other.verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["user_logged_out", "email_confirmed: a@x.org verified primary"])
        #expect(happened.signals[0].data["user"]?["email"]?.string == "b@x.org")
        #expect(try await other.current() == "gone")
    }

    @Test func `a refused link does not end another user's session`() async throws {
        let world = try World()
        let other = try await world.member("b@x.org")
        _ = try await world.client().signUp("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await world.client().verify(key)
        #expect(try await other.verify(key).answer == "refused invalid_or_expired_key in key")
        #expect(try await other.current() == "authenticated")
    }

    @Test func `a logged-in user stays logged in`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_confirmed: a@x.org verified primary"])
        #expect(happened.result.authentication?.newToken == nil)
    }

    @Test func `an address of two accounts can be confirmed for only one of them`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        _ = try await world.client().signUp("a@x.org")
        let first = try world.key(mailedTo: "a@x.org")
        _ = try await world.client().signUp("a@x.org")
        let second = try world.key(mailedTo: "a@x.org")
        _ = try await world.client().verify(second)
        let before = try await world.contents()
        let happened = try await world.client().verify(first)
        #expect(happened.answer == "refused email_taken in key")
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `a link signed with a fallback secret still confirms`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let key = LinkKey(try world.key(mailedTo: "a@x.org"))
        func accounts(_ keys: KeyRing) -> Accounts {
            Accounts(store: world.store, keys: keys, settings: world.accounts.settings, clock: world.clock)
        }
        let stranger = accounts(KeyRing(secret: "a new secret"))
        #expect(try await stranger.confirmEmail(key).text == "refused invalid_or_expired_key in key")
        let rotated = accounts(KeyRing(secret: "a new secret", fallbacks: ["a secret of these tests"]))
        #expect(try await rotated.confirmEmail(key).text == "unauthenticated")
    }

    @Test func `with CHANGE_EMAIL the only address of a sign-up emits nothing but email_confirmed`()
        async throws
    {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.changeEmail = true
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.said == ["email_confirmed: a@x.org verified primary"])
    }
}
