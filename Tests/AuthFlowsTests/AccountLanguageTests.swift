// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// The language of an account, and that of its mails.
@Suite struct AccountLanguageTests {
    private func signUp(_ world: World, _ email: String, _ language: Language?) async throws -> Client {
        let client = world.client()
        _ = try await client.does { accounts, context in
            var context = context
            context.language = language
            return try await accounts.signUp(
                SignUp(email: email, password: Password(goodPassword)), context)
        }
        return client
    }

    private func language(_ world: World, _ email: String) async throws -> Language? {
        try await world.store.read { reading in
            guard let address = try reading.emailAddresses(matching: email).first else { return nil }
            return try reading.user(id: address.userID)?.language
        }
    }

    /// The language of the mail that a request causes.
    private func mailed(
        _ world: World, _ language: Language?,
        _ call: @escaping (Accounts, FlowContext) async throws -> FlowResult<PasswordResetMail>
    ) async throws -> Language? {
        let happened = try await world.client().does { accounts, context in
            var context = context
            context.language = language
            return try await call(accounts, context)
        }
        #expect(happened.mails.count == 1)
        return happened.mails.first?.language
    }

    @Test func `a sign-up stores the request's language and mails in it`() async throws {
        let world = try World()
        _ = try await signUp(world, "a@x.org", .german)
        #expect(try await language(world, "a@x.org") == .german)
        #expect(world.newestMail(to: "a@x.org")?.language == .german)
    }

    @Test func `a sign-up without a language stores none and mails in the default language`() async throws {
        let world = try World { $0.defaultLanguage = .german }
        _ = try await signUp(world, "a@x.org", nil)
        #expect(try await language(world, "a@x.org") == nil)
        #expect(world.newestMail(to: "a@x.org")?.language == .german)
    }

    @Test func `a mail to an account has its language, else the request's, else the default`() async throws {
        let world = try World()
        _ = try await signUp(world, "de@x.org", .german)
        _ = try await signUp(world, "none@x.org", nil)
        func reset(_ email: String, _ language: Language?) async throws -> Language? {
            try await mailed(world, language) { try await $0.requestPasswordReset(email, $1) }
        }
        #expect(try await reset("de@x.org", .english) == .german)
        #expect(try await reset("de@x.org", nil) == .german)
        #expect(try await reset("none@x.org", .german) == .german)
        #expect(try await reset("none@x.org", nil) == .english)
    }

    @Test func `a mail about an unknown account has the request's language`() async throws {
        let world = try World()
        let language = try await mailed(world, .german) { try await $0.requestPasswordReset("b@x.org", $1) }
        #expect(language == .german)
        #expect(world.mails.last?.template == .unknownAccount)
    }

    @Test func `a mail about a taken address has its owner's language`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await signUp(world, "a@x.org", .german)
        _ = try await signUp(world, "a@x.org", .english)
        #expect(world.mails.last?.template == .accountAlreadyExists)
        #expect(world.mails.last?.language == .german)
    }

    @Test func `a notification has the account's language`() async throws {
        let world = try World { $0.emailNotifications = true }
        let client = try await signUp(world, "a@x.org", .german)
        let happened = try await client.changePassword(goodPassword, to: otherPassword)
        #expect(happened.mails.map(\.template) == [.passwordChanged])
        #expect(happened.mails.map(\.language) == [.german])
    }

    @Test func `a language that is no longer offered is skipped`() async throws {
        let world = try World()
        _ = try await signUp(world, "a@x.org", .german)
        let other = World(restarting: world) { $0.languages = [.english] }
        let language = try await mailed(other, .german) { try await $0.requestPasswordReset("a@x.org", $1) }
        #expect(language == .english)
    }

    @Test func `a user can choose a language, and choose none`() async throws {
        let world = try World()
        let client = try await signUp(world, "a@x.org", .english)
        let chosen = try await client.does { try await $0.setLanguage(.german, $1) }
        #expect(chosen.answer == "done")
        #expect(chosen.everythingSaid == [])
        #expect(try await language(world, "a@x.org") == .german)
        _ = try await client.does { try await $0.setLanguage(nil, $1) }
        #expect(try await language(world, "a@x.org") == nil)
    }

    @Test func `only a logged-in user can choose a language, and only one that is offered`() async throws {
        let world = try World { $0.languages = [.english] }
        let stranger = try await world.client().does { try await $0.setLanguage(.english, $1) }
        #expect(stranger.answer.hasPrefix("unauthenticated"))
        let client = try await signUp(world, "a@x.org", nil)
        let refused = try await client.does { try await $0.setLanguage(.german, $1) }
        #expect(refused.answer == "refused invalid_choice in language")
        #expect(try await language(world, "a@x.org") == nil)
    }

    @Test func `signals do not contain the language`() async throws {
        let world = try World()
        _ = try await world.newSignals()
        let happened = try await world.client().does { accounts, context in
            var context = context
            context.language = .german
            return try await accounts.signUp(
                SignUp(email: "a@x.org", password: Password(goodPassword)), context)
        }
        for signal in happened.everySignal {
            #expect(signal.data["user"]?["language"] == nil)
            #expect(signal.data["request"]?["language"] == nil)
        }
    }
}
