// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthTesting
import Foundation
import Testing

/// A password is the same in every Unicode normalization form, whatever the keyboard sends.
@Suite struct PasswordTextTests {
    private static let composed = "K\u{E4}sebrot-\u{E4}-1234"
    private static let decomposed = "Ka\u{308}sebrot-a\u{308}-1234"

    @Test(arguments: [(composed, decomposed), (decomposed, composed), (decomposed, decomposed)])
    func `a password set in one normalization form is accepted in the other`(
        set: String, typed: String
    ) async throws {
        let world = try World { $0.emailVerification = .none }
        let client = world.client()
        #expect(try await client.signUp("a@x.org", set).answer == "authenticated")
        #expect(try await world.client().logIn("a@x.org", typed).answer == "authenticated")
        #expect(
            try await client.does { try await $0.reauthenticate(Password(typed), $1) }.answer
                == "authenticated")
        #expect(try await client.changePassword(typed, to: otherPassword).answer == "authenticated")
        #expect(
            try await world.client().logIn("a@x.org", "Kasebrot-a-1234").answer
                == "refused email_password_mismatch in password")
    }

    @Test func `a hash of the unnormalized password is accepted once more and replaced`()
        async throws
    {
        let scheme = RawText()
        let hasher = PasswordHasher(cost: .init(n: 16), schemes: [scheme])
        let raw = PasswordHash(stored: "raw$" + Self.decomposed)
        #expect(try await hasher.verify(Password(Self.decomposed), raw) == .right(outdated: true))
        #expect(try await hasher.verify(Password(Self.composed), raw) == .wrong)
        let hash = try await hasher.hash(Password(Self.decomposed))
        #expect(try await hasher.verify(Password(Self.decomposed), hash) == .right(outdated: false))
        #expect(try await hasher.verify(Password(Self.composed), hash) == .right(outdated: false))
    }

    @Test(
        arguments: [
            ("नमस्ते दुनिया", 13, true), ("नमस्ते दुनिया", 14, false), ("Ka\u{308}sebrot", 8, true),
            ("Ka\u{308}sebrot", 9, false),
            ("👩‍👩‍👧‍👦x", 8, true),
        ] as [(String, Int, Bool)])
    func `the length is counted in code points`(password: String, least: Int, isEnough: Bool) async throws {
        let world = try World {
            $0.emailVerification = .none
            $0.passwordMinLength = least
        }
        #expect(
            try await world.client().signUp("a@x.org", password).answer
                == (isEnough ? "authenticated" : "refused password_too_short in password"))
    }

    @Test(arguments: ["12345678901", "१२३४५६७८९०१", "１２３４５６７８９０１"])
    func `a password of digits of any script is entirely numeric`(password: String) async throws {
        let world = try World { $0.emailVerification = .none }
        #expect(
            try await world.client().signUp("a@x.org", password).answer.contains(
                "password_entirely_numeric in password"))
    }

    @Test func `the repeated password may be in another normalization form`() async throws {
        let world = try World {
            $0.emailVerification = .none
            $0.signupFields = [.email: true, .password1: true, .password2: true]
        }
        let happened = try await world.client().does {
            try await $0.signUp(
                SignUp(
                    email: "a@x.org", password: Password(Self.composed),
                    passwordAgain: Password(Self.decomposed)), $1)
        }
        #expect(happened.answer == "authenticated")
    }

    /// A scheme of an application whose hash is the unnormalized password.
    private struct RawText: PasswordScheme {
        func recognizes(_ hash: PasswordHash) -> Bool { hash.exposedText.hasPrefix("raw$") }
        func verify(_ password: Password, _ hash: PasswordHash) -> Bool {
            Array(hash.exposedText.utf8) == Array(("raw$" + password.exposedText).utf8)
        }
    }
}
