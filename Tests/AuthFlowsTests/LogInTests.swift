// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct LogInTests {
    @Test func `the right password logs in`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        world.clock.advance(by: .seconds(60))
        let client = world.client()
        let happened = try await client.logIn(" A@x.ORG")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: password", "user_logged_in"])
        #expect(happened.mailed == [])
        let authentication = try #require(happened.result.authentication)
        #expect(authentication.user.lastLogin == world.clock.now())
        #expect(authentication.methods.map(\.method) == [.password])
        #expect(happened.signals[0].data["email"]?.string == " A@x.ORG")
        #expect(happened.signals[1].data["methods"] == .array([.string("password")]))
        #expect(happened.signals[1].data["user"]?["last_login"]?.string == world.clock.now().wireText)
        #expect(try await client.current() == "authenticated")
    }

    @Test func `a log-in by username ignores case`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        _ = try await world.client().signUp(nil, username: "Ada")
        let happened = try await world.client().does {
            try await $0.logIn(LogIn(username: "aDA", password: Password(goodPassword)), $1)
        }
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: password", "user_logged_in"])
        #expect(happened.signals[0].data["username"]?.string == "aDA")
    }

    @Test func `a wrong password changes nothing and emits only login_failed`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await world.client().logIn("a@x.org", "wrong-Password-1")
        #expect(happened.answer == "refused email_password_mismatch in password")
        #expect(happened.everythingSaid == ["login_failed: password wrong_password"])
        #expect(try await world.contents() == before)
    }

    @Test func `an unknown user gets the same result as a wrong password`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let before = try await world.contents()
        let wrong = try await world.client().logIn("a@x.org", "wrong-Password-1")
        let unknown = try await world.client().logIn("unknown@x.org")
        guard case .refused(let left) = wrong.result, case .refused(let right) = unknown.result else {
            Issue.record("a log-in was not refused")
            return
        }
        #expect(left == right)
        #expect(unknown.said == [])
        #expect(try await world.contents() == before)
    }

    @Test(arguments: ["a@x.org", "unknown@x.org", "passwordless@x.org"])
    func `a password is hashed once for known, unknown and passwordless users`(_ email: String) async throws {
        let world = try World { $0.signupFields = [.email: true, .password1: false] }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().signUp("passwordless@x.org", nil)
        // Hashing has one slot and no queue, and the slot is taken: a log-in that hashes is rejected.
        let door = Door()
        let passwords = PasswordHasher(cost: World.cheap, concurrency: 1, queueLimit: 0, schemes: [door])
        let accounts = Accounts(
            store: world.store, keys: world.accounts.keys, settings: world.accounts.settings,
            passwords: passwords,
            clock: world.clock)
        let holder = Task { try await passwords.verify(Password("x"), Door.hash) }
        try await door.waitUntilEntered()
        await #expect(throws: PasswordHasherError.self) {
            try await accounts.logIn(LogIn(email: email, password: Password("wrong-Password-1")))
        }
        door.open()
        #expect(try await holder.value == .right(outdated: true))
    }

    @Test func `an inactive user is not logged in by any factor and emits only login_failed`() async throws {
        let world = try World { $0.loginByCodeEnabled = true }
        let member = try await world.member("a@x.org")
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        try await world.accounts.users.deactivate(user.id)
        #expect(try await member.current() == "gone")
        let before = try await world.contents()
        let happened = try await world.client().logIn("a@x.org")
        #expect(happened.answer == "unauthenticated")
        #expect(happened.everythingSaid == ["login_failed: password inactive_user"])
        #expect(try await world.contents() == before)

        try await world.accounts.users.activate(user.id)
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test(arguments: [AccountSettings.EmailVerification.none, .optional])
    func `an unverified address can log in if verification is not mandatory`(
        _ verification: AccountSettings.EmailVerification
    ) async throws {
        let world = try World { $0.emailVerification = verification }
        _ = try await world.client().signUp("a@x.org")
        let happened = try await world.client().logIn("a@x.org")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: password", "user_logged_in"])
        #expect(happened.mailed == [])
    }

    @Test func `with mandatory verification a log-in mails a link at most once in three minutes`()
        async throws
    {
        let world = try World(limited: true) { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        world.clock.advance(by: .seconds(181))
        let first = try await world.client().logIn("a@x.org")
        #expect(first.answer == "unauthenticated verify_email")
        #expect(
            first.said == [
                "authentication_step_completed: password", "email_confirmation_sent: link a@x.org primary",
            ])
        #expect(first.mailed == ["email_confirmation to a@x.org"])
        let second = try await world.client().logIn("a@x.org")
        #expect(second.answer == "unauthenticated verify_email")
        #expect(second.said == ["authentication_step_completed: password"])
        world.clock.advance(by: .seconds(181))
        #expect(try await world.client().logIn("a@x.org").mailed == ["email_confirmation to a@x.org"])
    }

    @Test func `a log-in by an unverified address mails a link to that address`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let member = try await world.member("a@x.org")
        _ = try await member.does { try await $0.addEmail("b@x.org", $1) }
        let happened = try await world.client().logIn("b@x.org")
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(happened.mailed == ["email_confirmation to b@x.org"])
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `a logged-in user cannot log in`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let happened = try await member.logIn("a@x.org")
        #expect(happened.answer == "conflict")
        #expect(happened.said == [])
    }

    @Test func `an unknown token is gone for an app and ignored for a browser`()
        async throws
    {
        let world = try World()
        _ = try await world.member("a@x.org")
        let app = world.client()
        app.token = SessionToken("nonsense")
        #expect(try await app.logIn("a@x.org").answer == "gone")
        let browser = world.client(.browser)
        browser.token = SessionToken("nonsense")
        #expect(try await browser.logIn("a@x.org").answer == "authenticated")
    }

    // MARK: Fields

    @Test(
        arguments: [
            (LogIn(email: "a@x.org"), "refused required in password"),
            (LogIn(password: Password("x")), "refused required in email"),
            (LogIn(email: "bad", password: Password("x")), "refused invalid in email"),
            (
                LogIn(email: "a@x.org", password: Password(String(repeating: "x", count: 4097))),
                "refused password_too_long in password"
            ),
        ])
    func `refuses an invalid field`(_ form: LogIn, _ answer: String) async throws {
        let world = try World()
        #expect(try await world.client().does { try await $0.logIn(form, $1) }.answer == answer)
    }

    @Test func `with both log-in methods a log-in must name exactly one`() async throws {
        let world = try World { $0.loginMethods = [.email, .username] }
        for form in [
            LogIn(password: Password("x")), LogIn(email: "a@x.org", username: "a", password: Password("x")),
        ] {
            #expect(
                try await world.client().does { try await $0.logIn(form, $1) }.answer
                    == "refused invalid_login")
        }
    }

    // MARK: Hashes

    @Test func `a hash of another cost is replaced at log-in`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let dearer = Accounts(
            store: world.store, keys: world.accounts.keys, settings: world.accounts.settings,
            passwords: PasswordHasher(cost: .init(n: 32)), clock: world.clock)
        let form = LogIn(email: "a@x.org", password: Password(goodPassword))
        let first = try #require(try await dearer.logIn(form).authentication)
        #expect(first.user.passwordHash?.exposedText.hasPrefix("scrypt$32$") == true)
        let second = try #require(try await dearer.logIn(form).authentication)
        #expect(second.user.passwordHash == first.user.passwordHash)
    }

    @Test func `a hook can refuse a log-in, and no signal is emitted`() async throws {
        let refuses = Locked(false)
        var hooks = AccountHooks()
        hooks.mayLogIn = { _, _ in
            refuses.value ? Refusal(Refusal.Code(rawValue: "no_entry"), "Not today.") : nil
        }
        let world = try World(hooks: hooks)
        _ = try await world.member("a@x.org")
        refuses.change { $0 = true }
        let happened = try await world.client().logIn("a@x.org")
        #expect(happened.answer == "refused no_entry")
        #expect(happened.said == [])
    }
}
