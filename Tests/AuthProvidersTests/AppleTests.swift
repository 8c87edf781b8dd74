// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import JWTKit
import Testing

@Suite struct AppleTests {
    let clock = FixedClock()
    let client = ES256PrivateKey()
    let key = TestKey.elliptic("k1")

    private func signIn(_ parameters: [String: String]) async throws -> (SocialIdentity, TableHTTP) {
        let now = Int64(clock.now().timeIntervalSince1970)
        let token = try await key.sign([
            "iss": "https://appleid.apple.com", "sub": "001", "aud": "org.example.web", "nonce": "n-1",
            "iat": .integer(now), "exp": .integer(now + 60), "email": "ada@example.org",
            "email_verified": "false",
        ])
        let http = TableHTTP([
            "POST https://appleid.apple.com/auth/token": [
                "access_token": "at-1", "id_token": .string(token),
            ],
            "GET https://appleid.apple.com/auth/keys": ["keys": [try key.jwk]],
        ])
        let apple = OpenIDProvider(
            .apple(try AppleKey(teamID: "TEAM", keyID: "KEY", privateKey: client.pemRepresentation)),
            app: SocialApp(clientID: "org.example.web"), http: http, clock: clock)
        let identity = try await apple.identity(
            for: AuthorizationCallback(
                parameters: ["code": "c-1"].merging(parameters) { $1 },
                redirectURI: URL(string: "https://accounts.example.org/back")!, codeVerifier: "v",
                nonce: "n-1"))
        return (identity, http)
    }

    @Test func `the client secret is a five-minute JWT signed with the team's key`() async throws {
        let (_, http) = try await signIn([:])
        let redeemed = try #require(http.requests.first { $0.method == .post })
        let secret = try #require(redeemed.members["client_secret"])
        let keys = await JWTKeyCollection().add(ecdsa: client.publicKey, kid: "KEY")
        let claims = try await keys.verify(secret, as: TestClaims.self).members
        let now = Int64(clock.now().timeIntervalSince1970)
        #expect(
            claims == [
                "iss": "TEAM", "sub": "org.example.web", "aud": "https://appleid.apple.com",
                "iat": .integer(now), "exp": .integer(now + 300),
            ])
        let header = try #require(Data(base64URL: String(secret.prefix { $0 != "." })))
        let fields = try JSONDecoder().decode(JSONValue.self, from: header)
        #expect(fields["kid"] == "KEY")
        #expect(fields["alg"] == "ES256")
    }

    @Test func `reads only the name from the posted form`() async throws {
        let (identity, _) = try await signIn([
            "user":
                #"{"name":{"firstName":"Ada","lastName":"Example"},"email":"eve@example.org","sub":"002"}"#,
            "id_token": "e30.e30.e30",
        ])
        #expect(identity.name == "Ada Example")
        #expect(identity.uid == "001")
        #expect(
            identity.emailAddresses == [
                SocialEmailAddress(email: "ada@example.org", verified: false, primary: true)
            ])
    }

    @Test(arguments: ["", "{", "[]", #"{"name":"Ada"}"#, #"{"name":{"firstName":{"a":1}}}"#])
    func `ignores a form without a usable name`(user: String) async throws {
        let (identity, _) = try await signIn(["user": user])
        #expect(identity.name == nil)
        #expect(identity.uid == "001")
    }

    @Test(arguments: ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func `rejects an invalid private key without quoting it`(text: String) {
        let error = #expect(throws: SocialProviderError.self) {
            try AppleKey(teamID: "TEAM", keyID: "KEY", privateKey: text)
        }
        #expect(error?.message.contains("AAAA") == false)
    }
}
