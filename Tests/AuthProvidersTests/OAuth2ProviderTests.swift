// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import Hummingbird
import Testing

@Suite struct OAuth2ProviderTests {
    let clock = FixedClock()

    private func definition(_ server: LoopbackServer) -> OAuth2Definition {
        var definition = OAuth2Definition(
            id: "test", name: "Test", authorizationEndpoint: server.url("/authorize?hl=en"),
            tokenEndpoint: server.url("/token"), profileEndpoint: server.url("/me")
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.email = answer["email"]?.string
            return profile
        }
        definition.scope = ["read"]
        definition.emailScope = ["mail"]
        definition.scopeSeparator = ","
        return definition
    }

    private func with(
        _ change: @escaping @Sendable (inout OAuth2Definition, inout SocialApp) -> Void = { _, _ in },
        _ body: @escaping @Sendable (LoopbackServer, OAuth2Provider) async throws -> Void
    ) async throws {
        try await LoopbackServer.serving { server in
            var definition = definition(server)
            var app = SocialApp(clientID: "client-1", secret: ClientSecret("s3cret"))
            change(&definition, &app)
            server.on("/token") { _ in .json(#"{"access_token":"at-1","expires_in":"60"}"#) }
            server.on("/me") { _ in .json(#"{"id":42,"email":"Ann@Example.org"}"#) }
            let client = ProviderClient()
            do {
                try await body(server, OAuth2Provider(definition, app: app, http: client, clock: clock))
            } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }

    private let callback = AuthorizationCallback(
        parameters: ["code": "c-1"], redirectURI: URL(string: "http://localhost/back")!,
        codeVerifier: "verifier-1", nonce: "n-1")

    @Test func `the authorization URL has the state and the PKCE challenge`() async throws {
        try await with { server, provider in
            let url = try await provider.authorizationURL(
                AuthorizationRequest(
                    redirectURI: URL(string: "http://localhost/back")!, state: "s 1",
                    codeChallenge: "challenge-1", nonce: "n-1"))
            #expect(
                url.absoluteString == server.origin
                    + "/authorize?hl=en&response_type=code&client_id=client-1"
                    + "&redirect_uri=http%3A%2F%2Flocalhost%2Fback&state=s%201&scope=read%2Cmail"
                    + "&code_challenge=challenge-1&code_challenge_method=S256")
        }
    }

    @Test func `a code becomes the profile's identity with an unverified address`() async throws {
        try await with { server, provider in
            let identity = try await provider.identity(for: callback)
            #expect(identity.uid == "42")
            #expect(
                identity.emailAddresses == [
                    SocialEmailAddress(email: "ann@example.org", verified: false, primary: true)
                ])
            #expect(identity.token?.expiresAt == clock.now().addingTimeInterval(60))
            #expect(server.received("/token").map { $0.form["code_verifier"] } == ["verifier-1"])
            #expect(server.received("/me").map { $0.headers["authorization"] } == ["Bearer at-1"])
        }
    }

    @Test func `an address is verified if configured`() async throws {
        try await with({ $1.verifiedEmail = .all }) { _, provider in
            let told1 = try await provider.identity(for: callback)
            #expect(told1.emailAddresses.map(\.verified) == [true])
            #expect(provider.policy.verifiedEmail)
        }
    }

    @Test func `accepts a form-encoded token response`() async throws {
        try await with { server, provider in
            server.on("/token") { _ in
                var response = Response.json("access_token=at%2B1&scope=read&token_type=bearer")
                response.headers[.contentType] = "application/x-www-form-urlencoded; charset=utf-8"
                return response
            }
            let token = try await provider.identity(for: callback).token
            #expect(token?.accessToken.exposedText == "at+1")
            #expect(token?.scope == "read")
        }
    }

    @Test func `sends no code verifier if PKCE is disabled`() async throws {
        try await with({ definition, _ in definition.usesPKCE = false }) { server, provider in
            _ = try await provider.identity(for: callback)
            #expect(server.received("/token").map { $0.form["code_verifier"] } == [nil])
        }
    }

    static let profiles = [
        "{}", #"{"id":null}"#, #"{"id":""}"#, #"{"id":true}"#, #"{"id":1.5}"#, #"{"id":["1"]}"#,
        #"{"id":{"a":1}}"#, #"{"id":"a\u0000b"}"#, "{\"id\":\"\(String(repeating: "x", count: 192))\"}",
    ]

    @Test(arguments: profiles)
    func `rejects a profile without a usable id`(answer: String) async throws {
        try await with { server, provider in
            server.on("/me") { _ in .json(answer) }
            await expectError(.unknown) { try await provider.identity(for: callback) }
        }
    }

    @Test func `accepts an id of 191 characters`() async throws {
        try await with { server, provider in
            let uid = String(repeating: "x", count: 191)
            server.on("/me") { _ in .json("{\"id\":\"\(uid)\"}") }
            let told2 = try await provider.identity(for: callback)
            #expect(told2.uid == uid)
        }
    }

    @Test(arguments: [
        #""ann""#, #""ann@""#, #""@example.org""#, #""a b@example.org""#, #""ann@example""#, "7", "[]",
        "null",
        #""ann@example.org\r\nBcc: x@y.org""#, "\"\(String(repeating: "a", count: 250))@example.org\"",
    ])
    func `omits a malformed address`(email: String) async throws {
        try await with { server, provider in
            server.on("/me") { _ in .json("{\"id\":1,\"email\":\(email)}") }
            let told3 = try await provider.identity(for: callback)
            #expect(told3.emailAddresses.isEmpty)
        }
    }

    @Test func `offers no token log-in if an access token names no client`() async throws {
        try await with { server, provider in
            #expect(provider.ways == [.redirect])
            await expectError(.unsupported) {
                try await provider.identity(
                    for: TokenLogin(clientID: "client-1", accessToken: TokenText("at-1")))
            }
            #expect(server.received("/me").isEmpty)
        }
    }

    @Test(arguments: [400, 401, 403, 404])
    func `an error of the profile endpoint fails the log-in`(status: Int) async throws {
        try await with { server, provider in
            server.on("/me") { _ in .json(#"{"id":1}"#, status: .init(code: status)) }
            await expectError(.unknown) { try await provider.identity(for: callback) }
        }
    }
}
