// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct SignUpFieldsTests {
    @Test(
        arguments: [
            ("bad", goodPassword, "refused invalid in email"),
            ("", goodPassword, "refused required in email"),
            ("a\u{0}@x.org", goodPassword, "refused invalid in email"),
            (String(repeating: "a", count: 250) + "@x.org", goodPassword, "refused max_length in email"),
            ("a@x.org", "short", "refused password_too_short in password"),
            ("a@x.org", "password", "refused password_too_common in password"),
            ("a@x.org", "", "refused required in password"),
            ("a@x.org", "8675309135790", "refused password_entirely_numeric in password"),
            ("a@x.org", "with\u{0}nothing", "refused invalid in password"),
            ("adalovelace@x.org", "adalovelace1", "refused password_too_similar in password"),
            ("bad", "short", "refused invalid in email, password_too_short in password"),
        ])
    func `refuses an invalid field and creates nothing`(
        _ email: String, _ password: String, _ answer: String
    ) async throws {
        let world = try World()
        let before = try await world.contents()
        #expect(try await world.client().signUp(email, password).answer == answer)
        #expect(try await world.contents() == before)
    }

    @Test func `a password of more than 4096 bytes is refused and one of 4096 is not`() async throws {
        let world = try World()
        let longest = String(repeating: "aB3-", count: 1024)
        #expect(
            try await world.client().signUp("a@x.org", longest + "x").answer
                == "refused password_too_long in password")
        #expect(try await world.client().signUp("a@x.org", longest).answer == "authenticated")
    }

    @Test func `ignores a password if the form has no password field`() async throws {
        let world = try World {
            $0.emailVerification = .none
            $0.signupFields = [.email: true]
        }
        let happened = try await world.client().signUp("a@x.org")
        #expect(happened.answer == "authenticated")
        #expect(happened.result.authentication?.user.passwordHash == nil)
    }

    @Test func `an optional password can be omitted but must not be weak`() async throws {
        let world = try World { $0.signupFields = [.email: true, .password1: false] }
        #expect(
            try await world.client().signUp("a@x.org", "short").answer
                == "refused password_too_short in password")
        let happened = try await world.client().signUp("a@x.org", nil)
        #expect(happened.answer == "authenticated")
        #expect(happened.result.authentication?.user.passwordHash == nil)
    }

    @Test func `refuses a repeated password that differs`() async throws {
        let world = try World { $0.signupFields = [.email: true, .password1: true, .password2: true] }
        let happened = try await world.client().does {
            try await $0.signUp(
                SignUp(
                    email: "a@x.org", password: Password(goodPassword), passwordAgain: Password(otherPassword)
                ),
                $1)
        }
        #expect(happened.answer == "refused password_mismatch in password2")
    }
}
