// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct FacebookTests {
    let clock = FixedClock()
    let key = TestKey.elliptic("k1")

    private func facebook(_ inspected: JSONValue) throws -> (OAuth2Provider, TableHTTP) {
        let http = TableHTTP([
            "GET https://graph.facebook.com/v19.0/debug_token": ["data": inspected],
            "GET https://graph.facebook.com/v19.0/me": ["id": "17", "name": "Ada"],
            "GET https://limited.facebook.com/.well-known/oauth/openid/jwks/": ["keys": [try key.jwk]],
        ])
        let app = SocialApp(clientID: "client-1", secret: ClientSecret("s3cret"))
        return (OAuth2Provider(.facebook(), app: app, http: http, clock: clock), http)
    }

    private let login = TokenLogin(clientID: "client-1", accessToken: TokenText("at-1"))

    @Test func `an access token issued to this client logs in`() async throws {
        let (facebook, http) = try facebook(["is_valid": true, "app_id": "client-1"])
        let identity = try await facebook.identity(for: login)
        #expect(identity.uid == "17")
        #expect(identity.token?.accessToken.exposedText == "at-1")
        #expect(http.requests.map(\.url.path) == ["/v19.0/debug_token", "/v19.0/me"])
        #expect(http.requests[0].headers["Authorization"] == "Bearer client-1|s3cret")
        // HMAC-SHA-256 of the token with the secret as key, computed with openssl.
        #expect(
            http.requests[1].members["appsecret_proof"]
                == "c21394ba3cc30855488a97166d5840b2a7cf97741ffcd86b4c62ac96ea25d9f1")
    }

    @Test(
        arguments: [
            ["is_valid": true, "app_id": "client-2"], ["is_valid": false, "app_id": "client-1"],
            ["app_id": "client-1"], ["is_valid": "true", "app_id": "client-1"], ["is_valid": true], [:],
            .null,
        ] as [JSONValue])
    func `rejects an access token of another client before using it`(
        inspected: JSONValue
    ) async throws {
        let (facebook, http) = try facebook(inspected)
        await expectError(.invalidToken) { try await facebook.identity(for: login) }
        #expect(http.requests.map(\.url.path) == ["/v19.0/debug_token"])
    }

    @Test func `an ID token of Limited Login logs in, one for another client does not`() async throws {
        let (facebook, _) = try facebook(.null)
        let now = Int64(clock.now().timeIntervalSince1970)
        func login(_ audience: String) async throws -> SocialIdentity {
            let token = try await key.sign([
                "iss": "https://www.facebook.com", "sub": "17", "aud": .string(audience), "name": "Ada",
                "iat": .integer(now), "exp": .integer(now + 60), "email": "ada@example.org",
                "email_verified": true,
            ])
            return try await facebook.identity(for: TokenLogin(clientID: nil, idToken: TokenText(token)))
        }
        let identity = try await login("client-1")
        #expect(identity.uid == "17")
        #expect(identity.emailAddresses.map(\.verified) == [false])
        await expectError(.invalidToken) { try await login("client-2") }
    }

    @Test func `sends no request without a token`() async throws {
        let (facebook, http) = try facebook(.null)
        await expectError(.invalidToken) { try await facebook.identity(for: TokenLogin(clientID: nil)) }
        #expect(http.requests.isEmpty)
    }
}
