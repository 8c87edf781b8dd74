// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// A key that can be used once is used once, however many calls use it concurrently. The tests count the
/// signals in the outbox.
@Suite struct ParallelUseTests {
    /// The results of twenty concurrent calls.
    private func twenty<Value>(
        _ call: @escaping @Sendable (Int) async throws -> FlowResult<Value>
    ) async throws -> [String] {
        try await withThrowingTaskGroup(of: String.self) { tasks in
            for index in 0..<20 { tasks.addTask { try await call(index).text } }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `of twenty concurrent uses of a confirmation link only one confirms`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let key = LinkKey(try world.key(mailedTo: "a@x.org"))
        _ = try await world.newSignals()
        let answers = try await twenty { _ in try await world.accounts.confirmEmail(key) }
        #expect(answers.filter { $0 == "unauthenticated" }.count == 1)
        #expect(answers.filter { $0 == "refused invalid_or_expired_key in key" }.count == 19)
        #expect(try await world.newSignals().map(\.text) == ["email_confirmed: a@x.org verified primary"])
    }

    @Test func `of twenty concurrent uses in the session of the sign-up only one logs in`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
        }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let key = LinkKey(try world.key(mailedTo: "a@x.org"))
        let context = client.context
        _ = try await world.newSignals()
        let answers = try await twenty { _ in try await world.accounts.confirmEmail(key, context) }
        #expect(answers.filter { $0 == "authenticated" }.count == 1)
        #expect(
            try await world.newSignals().map(\.text) == [
                "email_confirmed: a@x.org verified primary", "user_logged_in",
            ])
    }

    @Test func `of twenty concurrent uses of a reset link only one resets`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await world.newSignals()
        let answers = try await twenty { index in
            try await world.accounts.resetPassword(
                ResetPassword(key: key, password: Password("An0ther-Secret-\(index)")))
        }
        #expect(answers.filter { $0 == "unauthenticated" }.count == 1)
        #expect(answers.filter { $0 == "refused invalid_password_reset in key" }.count == 19)
        #expect(try await world.newSignals().map(\.text) == ["password_reset"])
    }

    @Test func `of two users who concurrently verify one address only one gets it`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        var keys: [LinkKey] = []
        for _ in 0..<2 {
            _ = try await world.client().signUp("a@x.org")
            keys.append(LinkKey(try world.key(mailedTo: "a@x.org")))
        }
        _ = try await world.newSignals()
        let both = keys
        let answers = try await twenty { try await world.accounts.confirmEmail(both[$0 % 2]) }
        #expect(answers.filter { $0 == "unauthenticated" }.count == 1)
        #expect(
            Set(answers).subtracting(["unauthenticated"])
                == ["refused email_taken in key", "refused invalid_or_expired_key in key"])
        #expect(try await world.newSignals().map(\.text) == ["email_confirmed: a@x.org verified primary"])
        let verified = try await world.store.read { (reading: any AccountReading) in
            try reading.emailAddresses(matching: "a@x.org").filter(\.verified)
        }
        #expect(verified.count == 1)
    }
}
