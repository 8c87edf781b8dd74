// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import Hummingbird
import Testing

@Suite struct OpenIDProviderTests {
    @Test func `the authorization URL has the state, the nonce and the PKCE challenge`() async throws {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider {
                $1.authorizationParameters = ["prompt": "login", "state": "changed"]
            }
            var request = issuer.request
            request.scope = ["groups", "email"]
            let url = try await provider.authorizationURL(request)
            let parts = try #require(URLComponents(url: url, resolvingAgainstBaseURL: false))
            let members = (parts.queryItems ?? []).reduce(into: [:]) { $0[$1.name] = $1.value }
            #expect(url.absoluteString.hasPrefix(issuer.issuer + "/authorize?"))
            #expect(
                members == [
                    "response_type": "code", "client_id": "client-1", "state": "s-1", "nonce": "n-1",
                    "redirect_uri": "http://localhost/back?to=here", "code_challenge": "challenge-1",
                    "code_challenge_method": "S256", "scope": "openid profile email groups",
                    "prompt": "login",
                ])
        }
    }

    @Test(arguments: [true, false])
    func `a code becomes the identity of ID token and userinfo`(isRSA: Bool) async throws {
        let key = try isRSA ? TestKey.rsa("k1") : .elliptic("k1")
        try await TestIssuer.serving(key: key) { issuer in
            try await issuer.gives()
            let identity = try await issuer.provider().identity(for: issuer.callback())
            #expect(identity.provider == "test")
            #expect(identity.uid == "person-1")
            #expect(
                identity.emailAddresses == [
                    SocialEmailAddress(email: "ann@example.org", verified: true, primary: true)
                ])
            #expect(identity.username == "ann")
            #expect(identity.name == "Ann Example")
            #expect(identity.extraData["userinfo"]?["locale"] == "en")
            #expect(identity.extraData["id_token"]?["sub"] == "person-1")
            let token = try #require(identity.token)
            #expect(token.accessToken.exposedText == "at-1")
            #expect(token.refreshToken?.exposedText == "rt-1")
            #expect(token.scope == "openid email")
            #expect(token.expiresAt == issuer.clock.now().addingTimeInterval(3600))
            #expect(!"\(identity)".contains("at-1"))
        }
    }

    @Test func `redeems the code once, with code verifier and client secret`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            _ = try await issuer.provider().identity(for: issuer.callback())
            let asked = issuer.server.received("/token")
            #expect(asked.count == 1)
            #expect(
                asked[0].form == [
                    "grant_type": "authorization_code", "code": "c-1", "client_id": "client-1",
                    "client_secret": "s3cret:/ä", "code_verifier": "verifier-1",
                    "redirect_uri": "http://localhost/back",
                ])
            #expect(issuer.server.received("/userinfo")[0].headers["authorization"] == "Bearer at-1")
        }
    }

    @Test func `percent-encodes client id and secret for basic authentication`() async throws {
        try await TestIssuer.serving { issuer in
            try issuer.discovers(["token_endpoint_auth_methods_supported": nil])
            try await issuer.gives()
            _ = try await issuer.provider().identity(for: issuer.callback())
            let asked = try #require(issuer.server.received("/token").first)
            let expected = Data("client-1:s3cret%3A%2F%C3%A4".utf8).base64EncodedString()
            #expect(asked.headers["authorization"] == "Basic \(expected)")
            #expect(asked.form["client_secret"] == nil)
        }
    }

    @Test func `the ID token suffices if userinfo is disabled`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let provider = issuer.provider { definition, _ in definition.fetchesUserInfo = false }
            let identity = try await provider.identity(for: issuer.callback())
            #expect(identity.username == nil)
            #expect(identity.emailAddresses.map(\.email) == ["ann@example.org"])
            #expect(issuer.server.received("/userinfo").isEmpty)
        }
    }

    @Test func `another member can be the user's id`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let provider = issuer.provider { $1.uidField = "preferred_username" }
            let told1 = try await provider.identity(for: issuer.callback())
            #expect(told1.uid == "ann")
        }
    }

    @Test func `caches the discovery document and the keys for an hour`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let provider = issuer.provider()
            for _ in 1...3 { _ = try await provider.identity(for: issuer.callback()) }
            #expect(issuer.server.received("/.well-known/openid-configuration").count == 1)
            #expect(issuer.server.received("/keys").count == 1)
            issuer.clock.advance(by: .seconds(3601))
            try await issuer.gives()
            _ = try await provider.identity(for: issuer.callback())
            #expect(issuer.server.received("/.well-known/openid-configuration").count == 2)
            #expect(issuer.server.received("/keys").count == 2)
        }
    }

    @Test func `keeps cached keys for a day during an outage`() async throws {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider()
            try await issuer.gives()
            _ = try await provider.identity(for: issuer.callback())
            issuer.server.on("/keys") { _ in .json("{}", status: .internalServerError) }
            issuer.server.on("/.well-known/openid-configuration") { _ in .json("", status: .badGateway) }
            issuer.clock.advance(by: .seconds(7200))
            try await issuer.gives()
            let told2 = try await provider.identity(for: issuer.callback())
            #expect(told2.uid == "person-1")
            issuer.clock.advance(by: .seconds(86400))
            try await issuer.gives()
            // An immediate retry does not use the expired cache either.
            for _ in 1...2 {
                await expectError(.unreachable) { try await provider.identity(for: issuer.callback()) }
            }
        }
    }

    @Test func `token log-in turns an ID token into an identity`() async throws {
        try await TestIssuer.serving { issuer in
            let token = TokenText(try await issuer.key.sign(issuer.claims(["nonce": nil])))
            let provider = issuer.provider()
            let identity = try await provider.identity(
                for: TokenLogin(clientID: "client-1", idToken: token))
            #expect(identity.uid == "person-1")
            #expect(identity.emailAddresses.map(\.verified) == [true])
            #expect(identity.token == nil)
            #expect(identity.extraData["sub"] == "person-1")
        }
    }

    @Test func `an address that the provider has not verified is unverified, unless configured`()
        async throws
    {
        try await TestIssuer.serving { issuer in
            let claims = issuer.claims(["email_verified": "false"])
            let login = TokenLogin(clientID: nil, idToken: TokenText(try await issuer.key.sign(claims)))
            #expect(
                try await issuer.provider().identity(for: login).emailAddresses.map(\.verified) == [false])
            let trusting = issuer.provider { $1.verifiedEmail = .domains(["example.org"]) }
            let told3 = try await trusting.identity(for: login)
            #expect(told3.emailAddresses.map(\.verified) == [true])
            let other = issuer.provider { $1.verifiedEmail = .domains(["ample.org"]) }
            let told4 = try await other.identity(for: login)
            #expect(told4.emailAddresses.map(\.verified) == [false])
        }
    }

    @Test func `distinguishes a user who cancels from a provider error`() async throws {
        try await TestIssuer.serving { issuer in
            var callback = issuer.callback()
            callback.parameters = ["error": "access_denied", "state": "s-1"]
            await expectError(.cancelled) { try await issuer.provider().identity(for: callback) }
            callback.parameters = ["error": "server_error"]
            await expectError(.unknown) { try await issuer.provider().identity(for: callback) }
            callback.parameters = [:]
            await expectError(.unknown) { try await issuer.provider().identity(for: callback) }
            callback.parameters = ["code": "c-1", "iss": "https://evil.example"]
            await expectError(.unknown) { try await issuer.provider().identity(for: callback) }
            #expect(issuer.server.received("/token").isEmpty)
        }
    }
}
