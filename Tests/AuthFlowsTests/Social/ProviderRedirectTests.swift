// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Crypto
import Foundation
import Testing

/// Redirects of a browser to a provider and back.
@Suite struct ProviderRedirectTests {
    private let provider = ScriptedProvider()

    private func world(_ configure: (inout AccountSettings) -> Void = { _ in }) throws -> World {
        try World(providers: [provider, ScriptedProvider(id: "other")], configure)
    }

    private func begun(_ client: Client, _ process: SocialLoginSnapshot.Process = .login) async throws
        -> String
    {
        let happened = try await client.visitProvider(process)
        #expect(happened.said == [])
        return try #require(provider.requests.value.last?.state)
    }

    @Test func `a redirect leads to the provider and back, logged in`() async throws {
        let client = try world().client(.browser)
        let state = try await begun(client)
        let (back, happened) = try await client.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(happened.said == SignUpWithProviderTests.signedUp + ["user_logged_in"])
        #expect(back.error == nil)
        #expect(back.callbackURL?.absoluteString == "http://127.0.0.1:8080/welcome")
        #expect(try await client.current() == "authenticated")
    }

    @Test func `the callback is redeemed with the values of the request`() async throws {
        let client = try world().client(.browser)
        let state = try await begun(client)
        _ = try await client.comeBack(["state": state, "code": "1 a@x.org*", "iss": "x"])
        let request = try #require(provider.requests.value.last)
        let callback = try #require(provider.callbacks.value.last)
        #expect(callback.nonce == request.nonce)
        #expect(callback.redirectURI == request.redirectURI)
        #expect(callback.parameters["iss"] == "x")
        #expect(callback.codeVerifier.utf8.count >= 43)
        let challenge = Data(SHA256.hash(data: Data(callback.codeVerifier.utf8))).base64EncodedString()
        #expect(
            request.codeChallenge
                == challenge.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
    }

    @Test func `a state is valid once, for its own browser, provider and time`() async throws {
        let world = try world()
        let client = world.client(.browser)
        let state = try await begun(client)
        let answer = ["state": state, "code": "1 a@x.org*"]
        for stranger in [world.client(.browser), world.client(.app)] {
            #expect(try await stranger.comeBack(answer).0.error == .unknown)
        }
        #expect(try await client.comeBack(["state": "wrong", "code": "1 a@x.org*"]).0.error == .unknown)
        #expect(try await client.comeBack(["code": "1 a@x.org*"]).0.error == .unknown)
        #expect(provider.callbacks.value.isEmpty)
        #expect(try await client.comeBack(answer).0.error == nil)
        let (again, happened) = try await client.comeBack(answer)
        #expect(again.error == .unknown)
        #expect(happened.said == [])

        let mixedUp = world.client(.browser)
        let second = try await begun(mixedUp)
        let (other, _) = try await mixedUp.comeBack(["state": second, "code": "1"], provider: "other")
        #expect(other.error == .unknown)
        #expect(provider.callbacks.value.count == 1)

        let late = world.client(.browser)
        let third = try await begun(late)
        world.clock.advance(by: .seconds(901))
        #expect(try await late.comeBack(["state": third, "code": "1 a@x.org*"]).0.error == .unknown)
    }

    @Test func `a session has at most ten pending redirects`() async throws {
        let client = try world().client(.browser)
        var states: [String] = []
        for _ in 0..<11 { states.append(try await begun(client)) }
        #expect(try await client.comeBack(["state": states[0], "code": "1 a@x.org*"]).0.error == .unknown)
        #expect(try await client.comeBack(["state": states[1], "code": "1 a@x.org*"]).0.error == nil)
    }

    @Test func `a pending redirect survives a restart, and its state is not in the store`() async throws {
        let world = try world()
        let client = world.client(.browser)
        let state = try await begun(client)
        let rows = try await world.store.read { reading in
            try reading.contents(of: "auth_session")
        }
        #expect(!rows.contains(state))
        let same = World(restarting: world).client(.browser)
        same.token = client.token
        #expect(try await same.comeBack(["state": state, "code": "1 a@x.org*"]).0.error == nil)
    }

    @Test(arguments: [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil",
        "https://127.0.0.1:8080@evil.example/", "https://front.evil.example/", "http://127.0.0.1:8081/",
        "data:text/html,x", "/a\nb", "", "ftp://127.0.0.1:8080/", "http://127.0.0.1:8080.evil.example/",
        "http://user@127.0.0.1:8080/", "https://evil.example%2F.example.net/",
        "https://evil.example%40app.example.net/", "https://evil.example;.example.net/",
        "https://evil.example／.example.net/", "https://example.net/",
    ])
    func `refuses an untrusted callback URL`(_ callback: String) async throws {
        let world = try world {
            $0.social.redirectOrigins = ["https://app.example.org", "https://*.example.net"]
        }
        let before = try await world.contents()
        let happened = try await world.client(.browser).visitProvider(callback: callback)
        #expect(happened.answer == "refused invalid_url in callback_url")
        #expect(try await world.contents() == before)
    }

    @Test(arguments: [
        "/", "/welcome?x=1#y", "http://127.0.0.1:8080/x", "http://front/social", "https://app.example.org/x",
        "https://app.example.net/x",
    ])
    func `accepts callback URLs of this server, front ends and trusted origins`(_ callback: String)
        async throws
    {
        let world = try world {
            $0.social.redirectOrigins = ["https://app.example.org", "https://*.example.net"]
        }
        let client = world.client(.browser)
        let happened = try await client.visitProvider(callback: callback)
        #expect(happened.answer.hasPrefix("redirect https://example.com/authorize"))
    }

    @Test func `refuses an unknown provider or process`() async throws {
        let client = try world().client(.browser)
        #expect(
            try await client.visitProvider(provider: "missing").answer
                == "refused unknown_provider in provider")
        #expect(
            try await client.visitProvider(.init(rawValue: "steal")).answer
                == "refused invalid_choice in process")
    }

    @Test func `a cancelled or failed authorization returns an error code and emits no signal`()
        async throws
    {
        let client = try world().client(.browser)
        for (error, code) in [("access_denied", Refusal.Code.cancelled), ("server_error", .unknown)] {
            let state = try await begun(client)
            let (back, happened) = try await client.comeBack(["state": state, "error": error])
            #expect(back.error == code)
            #expect(back.callbackURL != nil)
            #expect(happened.said == [])
        }
    }

    @Test func `the front end receives a failure as a code`() async throws {
        let world = try world { $0.signupOpen = false }
        let closed = world.client(.browser)
        var state = try await begun(closed)
        #expect(try await closed.comeBack(["state": state, "code": "1 a@x.org*"]).0.error == .signupClosed)
        let loggedOut = world.client(.browser)
        state = try await begun(loggedOut, .connect)
        let (back, happened) = try await loggedOut.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(back.error == .permissionDenied)
        #expect(back.process == .connect)
        #expect(happened.said == ["pre_social_login: proceeded connect"])
    }

    @Test func `a logged-in browser connects the account and keeps its session`() async throws {
        let world = try world()
        let member = try await world.member("m@x.org", .browser)
        let state = try await begun(member, .connect)
        let (back, happened) = try await member.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(back.error == nil)
        #expect(happened.said == ["pre_social_login: proceeded connect", "social_account_added"])
        #expect(try await member.current() == "authenticated")
    }

    @Test func `a redirect-only process updates the account and does not log in`() async throws {
        let world = try world()
        let client = world.client(.browser)
        var state = try await begun(client, .redirect)
        let (back, unknown) = try await client.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(unknown.said == ["pre_social_login: proceeded redirect"])
        #expect(back.error == nil)
        #expect(try await client.current() == "unauthenticated")
        _ = try await world.client().social("1 a@x.org*")
        state = try await begun(client, .redirect)
        let (_, known) = try await client.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(known.said == ["pre_social_login: proceeded redirect", "social_account_updated"])
        #expect(try await client.current() == "unauthenticated")
    }

    @Test func `a required sign-up form is not an error`() async throws {
        let world = try world { $0.social.autoSignup = false }
        let client = world.client(.browser)
        let state = try await begun(client)
        let (back, happened) = try await client.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(back.error == nil)
        #expect(happened.answer == "unauthenticated provider_signup")
        #expect(try await client.completeSignUp("a@x.org").answer == "authenticated")
    }

    @Test func `a required reauthentication is followed by a second redirect`() async throws {
        let world = try world { $0.reauthenticationRequired = true }
        let member = try await world.member("m@x.org", .browser)
        var state = try await begun(member, .connect)
        let (first, told) = try await member.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(first.error == .reauthenticationRequired)
        #expect(told.said == ["pre_social_login: proceeded connect"])
        _ = try await member.does { try await $0.reauthenticate(Password(goodPassword), $1) }
        state = try await begun(member, .connect)
        let (second, added) = try await member.comeBack(["state": state, "code": "1 a@x.org*"])
        #expect(second.error == nil)
        #expect(added.said == ["social_account_added"])
    }

    @Test func `redirects count towards the log-in rate limit`() async throws {
        let limited = try World(limited: true, providers: [provider])
        let client = limited.client(.browser, ip: "192.0.2.1")
        for _ in 0..<30 { #expect(try await client.visitProvider().answer.hasPrefix("redirect")) }
        #expect(try await client.visitProvider().answer == "rate limited")
        #expect(try await client.social("1 a@x.org*").answer == "rate limited")
    }
}
