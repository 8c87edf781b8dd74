// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// A sign-up with a provider, without a form.
@Suite struct SignUpWithProviderTests {
    static let signedUp = [
        "pre_social_login: proceeded", "authentication_step_completed: socialaccount", "user_signed_up",
    ]

    @Test(arguments: AccountSettings.EmailVerification.allCases)
    func `an address verified by the provider needs no verification`(
        _ verification: AccountSettings.EmailVerification
    ) async throws {
        let world = try World { $0.emailVerification = verification }
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == Self.signedUp + ["user_logged_in"])
        #expect(happened.mailed == [])
        let authentication = try #require(happened.result.authentication)
        #expect(authentication.emailAddresses.map(\.text) == ["a@x.org verified primary"])
        #expect(authentication.user.passwordHash == nil)
        #expect(authentication.methods.map(\.method) == [.socialAccount])
        #expect(authentication.methods.first?.uid == "1")
    }

    @Test func `the signals of a sign-up contain the social log-in`() async throws {
        let world = try World()
        let happened = try await world.client().social("1 a@x.org* b@x.org")
        let told = happened.signals.map { $0.data["sociallogin"] }
        #expect(told[0]?["is_existing"] == false)
        #expect(told[0]?["account_id"] == nil)
        #expect(happened.signals[0].data["user"] == nil)
        #expect(happened.signals[0].subject == nil)
        #expect(told[1] == nil)
        let account = try #require(try await world.socialAccounts(of: "a@x.org").first)
        for index in [2, 3] {
            #expect(told[index]?["provider"] == "example")
            #expect(told[index]?["uid"] == "1")
            #expect(told[index]?["process"] == "login")
            #expect(told[index]?["is_existing"] == true)
            #expect(told[index]?["account_id"]?.string == account.id.uuidString.lowercased())
            #expect(told[index]?["extra_data"]?["shown"] == "1 a@x.org* b@x.org")
            #expect(told[index]?["token"] == nil)
        }
        guard case .array(let addresses)? = told[0]?["email_addresses"],
            case .array(let stored)? = told[2]?["email_addresses"]
        else { throw Missing() }
        #expect(addresses.map { $0["email"] } == ["a@x.org", "b@x.org"])
        #expect(addresses.map { $0["verified"] } == [true, false])
        #expect(addresses.allSatisfy { $0["id"] == nil })
        #expect(stored.allSatisfy { $0["id"]?.string != nil })
        #expect(happened.signals[3].data["methods"] == ["socialaccount"])
        #expect(happened.signals[1].data["provider"] == "example")
    }

    private struct Missing: Error {}

    @Test func `the settings decide whether an unverified address is verified by mail`() async throws {
        let lax = try World { $0.emailVerification = .none }
        #expect(try await lax.client().social("1 a@x.org").said == Self.signedUp + ["user_logged_in"])

        let optional = try World { $0.emailVerification = .optional }
        let second = try await optional.client().social("1 a@x.org")
        #expect(
            second.said
                == Self.signedUp + [
                    "user_logged_in", "email_confirmation_sent: link signup a@x.org primary",
                ])
        #expect(second.mailed == ["email_confirmation_signup to a@x.org"])
    }

    @Test func `a log-in pending for a link keeps the social log-in`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginOnEmailConfirmation = true
        }
        let client = world.client()
        let first = try await client.social("1 a@x.org")
        #expect(first.answer == "unauthenticated verify_email")
        #expect(first.said == Self.signedUp + ["email_confirmation_sent: link signup a@x.org primary"])
        let restarted = World(restarting: world) { _ in }
        let same = restarted.client()
        same.token = client.token
        let second = try await same.verify(world.key(mailedTo: "a@x.org"))
        #expect(second.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(second.signals[1].data["sociallogin"]?["uid"] == "1")
        #expect(second.signals[1].data["sociallogin"]?["extra_data"]?["shown"] == "1 a@x.org")
    }

    @Test func `a log-in pending for a code keeps the social log-in`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
        }
        let client = world.client()
        let first = try await client.social("1 a@x.org")
        #expect(first.said == Self.signedUp + ["email_confirmation_sent: code signup a@x.org primary"])
        let second = try await client.verify(world.code(mailedTo: "a@x.org"))
        #expect(second.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(second.signals[1].data["sociallogin"]?["uid"] == "1")
        #expect(second.signals[1].data["methods"] == ["socialaccount"])
    }

    @Test func `without an address a sign-up logs in unless verification is mandatory`()
        async throws
    {
        let world = try World { $0.signupFields = [.email: false, .password1: true] }
        let happened = try await world.client().social("1")
        #expect(happened.said == Self.signedUp + ["user_logged_in"])
        #expect(happened.result.authentication?.emailAddresses.isEmpty == true)

        let strict = try World {
            $0.emailVerification = .mandatory
            $0.social.emailRequired = false
        }
        let stopped = try await strict.client().social("1")
        #expect(stopped.answer == "unauthenticated verify_email")
        #expect(stopped.said == Self.signedUp)
        #expect(stopped.mailed == [])
    }

    @Test func `social accounts can have their own setting for email verification`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.social.emailVerification = AccountSettings.EmailVerification.none
        }
        #expect(try await world.client().social("1 a@x.org").answer == "authenticated")
        #expect(try await world.client().signUp("b@x.org").answer == "unauthenticated verify_email")
    }

    @Test func `closed sign-up is closed to providers too and emits only pre_social_login`() async throws {
        let world = try World { $0.signupOpen = false }
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "closed")
        #expect(happened.said == ["pre_social_login: proceeded"])
        #expect(try await world.addressCount() == 0)

        var hooks = AccountHooks()
        hooks.maySignUp = { form, _ in form.email != "a@x.org" }
        let picky = try World(hooks: hooks)
        #expect(try await picky.client().social("1 a@x.org*").answer == "closed")
        #expect(try await picky.client().social("2 b@x.org*").answer == "authenticated")
    }

    @Test func `a failure at the provider writes nothing and emits no signal`() async throws {
        for code in [
            SocialProviderError.Code.cancelled, .denied, .unreachable, .invalidToken, .unsupported, .unknown,
        ] {
            var provider = ScriptedProvider()
            provider.failure = SocialProviderError(code, "by the script")
            let world = try World(providers: [provider])
            let before = try await world.contents()
            let happened = try await world.client().social("1 a@x.org*")
            #expect(happened.answer.hasPrefix("refused "), "\(code)")
            #expect(happened.said == [])
            #expect(try await world.contents() == before)
        }
    }

    @Test func `refuses an id that is too long`() async throws {
        let world = try World()
        let long = String(repeating: "1", count: 192)
        let happened = try await world.client().social("\(long) a@x.org*")
        #expect(happened.answer == "refused invalid_token in token")
        #expect(happened.said == [])
        #expect(try await world.client().social("\(long.dropLast()) a@x.org*").answer == "authenticated")
    }

    @Test(arguments: [true, false])
    func `a profile nested too deep for a signal is truncated`(_ waitsForForm: Bool) async throws {
        var provider = ScriptedProvider()
        provider.profile = (0..<31).reduce(JSONValue.string("deepest")) { inner, _ in ["in": inner] }
        let world = try World(providers: [provider]) { $0.social.autoSignup = !waitsForForm }
        let client = world.client()
        var happened = try await client.social("1 a@x.org*")
        if waitsForForm { happened = try await client.completeSignUp("a@x.org") }
        #expect(happened.answer == "authenticated")
        var told = happened.signals.last?.data["sociallogin"]?["extra_data"]
        for _ in 0..<24 { told = told?["in"] }
        #expect(told == ["truncated": true])
    }

    @Test func `ignores an invalid address of the provider`() async throws {
        let world = try World { $0.signupFields = [.email: false, .password1: true] }
        let happened = try await world.client().social("1 nonsense* a@x.org*")
        #expect(
            happened.result.authentication?.emailAddresses.map(\.text) == ["a@x.org verified primary"])
    }

    @Test func `chooses a free username if sign-ups need one`() async throws {
        var provider = ScriptedProvider()
        provider.username = "Ada"
        let world = try World(providers: [provider]) {
            $0.signupFields = [.email: true, .username: true, .password1: true]
        }
        let names = try await [
            world.client().social("1 a@x.org*"), world.client().social("2 b@x.org*"),
        ].map { $0.result.authentication?.user.username }
        #expect(names == ["ada", "ada2"])
        provider.username = "!!!"
        let other = try World(providers: [provider]) {
            $0.signupFields = [.email: true, .username: true, .password1: true]
        }
        let third = try await other.client().social("3 grace.hopper@x.org*")
        #expect(third.result.authentication?.user.username == "grace.hopper")
    }

    @Test func `a sign-up hook of the application sees the social account in the transaction`() async throws {
        let seen = Locked<[String]>([])
        var hooks = AccountHooks()
        hooks.didSignUp = { user, transaction in
            let accounts = try transaction.socialAccounts(of: user.id)
            seen.change { $0 += accounts.map(\.uid) }
        }
        let world = try World(hooks: hooks)
        _ = try await world.client().social("1 a@x.org*")
        #expect(seen.value == ["1"])
    }

    @Test func `stores tokens if the setting is on, and keeps a refresh token if the next has none`()
        async throws
    {
        let world = try World { $0.social.storeTokens = true }
        _ = try await world.client().social("1 a@x.org*")
        let account = try #require(try await world.socialAccounts(of: "a@x.org").first)
        let stored = try await world.store.read { (reading: any AccountReading) in
            try reading.providerToken(of: account.id)
        }
        #expect(stored?.accessToken.exposedText == "access-token-of-1")
        #expect(stored?.refreshToken?.exposedText == "refresh-token-of-1")

        var provider = ScriptedProvider()
        provider.refreshes = false
        let later = World(restarting: world, providers: [provider])
        _ = try await later.client().social("1 a@x.org*")
        let kept = try await world.store.read { (reading: any AccountReading) in
            try reading.providerToken(of: account.id)
        }
        #expect(kept?.refreshToken?.exposedText == "refresh-token-of-1")

        let plain = try World()
        _ = try await plain.client().social("1 a@x.org*")
        #expect(
            try await plain.store.read { reading in
                try reading.count(of: "auth_social_token")
            } == 0)
    }
}
