// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Crypto
import Foundation
import Hummingbird
import Testing

/// Forged tokens, and tokens issued for another client, never log in.
@Suite struct IDTokenAttackTests {
    /// Invalid claims, and a name for what is wrong.
    struct WrongClaims: Sendable, CustomTestStringConvertible {
        let name: String
        let changes: @Sendable (Int64) -> [String: JSONValue?]
        var testDescription: String { name }
        init(_ name: String, _ changes: @escaping @Sendable (Int64) -> [String: JSONValue?]) {
            self.name = name
            self.changes = changes
        }
    }

    static let wrong: [WrongClaims] = [
        WrongClaims("another issuer") { _ in ["iss": "https://evil.example"] },
        WrongClaims("no issuer") { _ in ["iss": nil] },
        WrongClaims("another audience") { _ in ["aud": "client-2"] },
        WrongClaims("no audience") { _ in ["aud": nil] },
        WrongClaims("an empty list of audiences") { _ in ["aud": []] },
        WrongClaims("an audience that is a number") { _ in ["aud": 1] },
        WrongClaims("several audiences and no authorized party") { _ in ["aud": ["client-1", "client-2"]] },
        WrongClaims("several audiences and another authorized party") { _ in
            ["aud": ["client-1", "client-2"], "azp": "client-2"]
        },
        WrongClaims("one audience and another authorized party") { _ in ["azp": "client-2"] },
        WrongClaims("an authorized party that is not a string") { _ in ["azp": ["client-1"]] },
        WrongClaims("expired") { ["exp": .integer($0 - 61)] },
        WrongClaims("no expiry") { _ in ["exp": nil] },
        WrongClaims("an expiry that is a string") { ["exp": .string("\($0 + 300)")] },
        WrongClaims("issued in the future") { ["iat": .integer($0 + 61)] },
        WrongClaims("no time of issue") { _ in ["iat": nil] },
        WrongClaims("not valid yet") { ["nbf": .integer($0 + 61)] },
        WrongClaims("a not-before time that is a string") { _ in ["nbf": "now"] },
        WrongClaims("no subject") { _ in ["sub": nil] },
        WrongClaims("an empty subject") { _ in ["sub": ""] },
        WrongClaims("a subject that is an object") { _ in ["sub": ["a": 1]] },
    ]

    @Test(arguments: wrong)
    func `rejects invalid claims, by redirect and by token log-in`(claims: WrongClaims) async throws {
        try await TestIssuer.serving { issuer in
            let now = Int64(issuer.clock.now().timeIntervalSince1970)
            let token = try await issuer.key.sign(issuer.claims(claims.changes(now)))
            issuer.gives(idToken: token)
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
            await expectError(.invalidToken) {
                try await issuer.provider().identity(
                    for: TokenLogin(clientID: nil, idToken: TokenText(token)))
            }
            #expect(issuer.server.received("/userinfo").isEmpty)
        }
    }

    @Test(arguments: ["n-2", nil])
    func `rejects an ID token with a wrong or missing nonce`(nonce: String?) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives(["nonce": nonce.map(JSONValue.string)])
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    @Test func `tolerates a minute of clock skew`() async throws {
        try await TestIssuer.serving { issuer in
            let now = Int64(issuer.clock.now().timeIntervalSince1970)
            try await issuer.gives([
                "exp": .integer(now - 59), "iat": .integer(now + 59), "nbf": .integer(now + 59),
                "aud": ["client-1", "client-2"], "azp": "client-1",
            ])
            let told1 = try await issuer.provider().identity(for: issuer.callback())
            #expect(told1.uid == "person-1")
        }
    }

    @Test func `rejects the signature of another key`() async throws {
        try await TestIssuer.serving { issuer in
            issuer.gives(idToken: try await TestKey.elliptic("k1").sign(issuer.claims()))
            let error = await expectError(.invalidToken) {
                try await issuer.provider().identity(for: issuer.callback())
            }
            #expect(error?.message == "the ID token is not signed by its issuer")
        }
    }

    @Test(arguments: ["at+jwt", "application/AT+JWT", "logout+jwt"])
    func `rejects another type of JWT from the same issuer`(type: String) async throws {
        try await TestIssuer.serving { issuer in
            let token = TokenText(try await issuer.key.sign(issuer.claims(), type: type))
            let error = await expectError(.invalidToken) {
                try await issuer.provider().identity(for: TokenLogin(clientID: nil, idToken: token))
            }
            #expect(error?.message == "the ID token is a token of another kind: typ")
        }
    }

    @Test func `rejects claims changed after signing`() async throws {
        try await TestIssuer.serving { issuer in
            let parts = try await issuer.key.sign(issuer.claims()).split(separator: ".")
            let other = try JSONEncoder().encode(issuer.claims(["sub": "person-2"]))
            issuer.gives(idToken: "\(parts[0]).\(other.base64URL).\(parts[2])")
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    /// Forged headers; the signature is empty, or an HMAC with the public key as secret.
    static let headers = [
        #"{"alg":"none","kid":"k1"}"#, #"{"alg":"None","kid":"k1"}"#, #"{"alg":"NONE"}"#, #"{"kid":"k1"}"#,
        #"{"alg":"HS256","kid":"k1"}"#, #"{"alg":"HS256"}"#, #"{"alg":"HS512","kid":"k1"}"#,
        #"{"alg":["RS256"],"kid":"k1"}"#, #"{"alg":"RSA-OAEP","kid":"k1"}"#, #"{"alg":"ES256","kid":"k1"}"#,
        #"{"alg":"EdDSA","kid":"k1"}"#, #"{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}"#,
        #"{"alg":"RS256","jwk":{"kty":"oct","k":"c2VjcmV0"}}"#, "[]", "{",
    ]

    @Test(arguments: headers)
    func `rejects an empty signature and an HMAC keyed with the public key`(header: String) async throws {
        let key = try TestKey.rsa("k1")
        try await TestIssuer.serving(key: key) { issuer in
            let claims = try JSONEncoder().encode(issuer.claims())
            let input = "\(Data(header.utf8).base64URL).\(claims.base64URL)"
            let secret = SymmetricKey(data: Data(key.publicPEM.utf8))
            let code = Data(HMAC<SHA256>.authenticationCode(for: Data(input.utf8), using: secret))
            for signature in ["", code.base64URL] {
                issuer.gives(idToken: "\(input).\(signature)")
                await expectError(.invalidToken) {
                    try await issuer.provider().identity(for: issuer.callback())
                }
            }
        }
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "..", "ey.ey.ey", "e30.e30.", "\u{0}", "é.é.é"])
    func `rejects malformed tokens`(text: String) async throws {
        try await TestIssuer.serving { issuer in
            await expectError(.invalidToken) {
                try await issuer.provider().identity(for: TokenLogin(clientID: nil, idToken: TokenText(text)))
            }
            #expect(issuer.server.received("/keys").isEmpty)
        }
    }

    @Test func `ignores weak RSA keys, encryption keys and shared secrets`() async throws {
        try await TestIssuer.serving { issuer in
            let jwk = try issuer.key.jwk
            guard case .object(var forEncryption) = jwk else { return }
            forEncryption["use"] = "enc"
            let keys: JSONValue = [
                "keys": [
                    .object(forEncryption), ["kty": "oct", "kid": "k1", "k": "c2VjcmV0"],
                    ["kty": "RSA", "kid": "k1", "n": "AQAB", "e": "AQAB"], "a string", ["kty": "EC"],
                ]
            ]
            let text = String(decoding: try JSONEncoder().encode(keys), as: UTF8.self)
            issuer.server.on("/keys") { _ in .json(text) }
            try await issuer.gives()
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    @Test func `a token with an id can be used for one token log-in`() async throws {
        try await TestIssuer.serving { issuer in
            func told(_ changes: [String: JSONValue?]) async throws -> OneTimeToken? {
                let token = TokenText(try await issuer.key.sign(issuer.claims(changes)))
                return try await issuer.provider().identity(
                    for: TokenLogin(clientID: "client-1", idToken: token)
                ).oneTimeToken
            }
            let first = try await told(["jti": "t-1"])
            #expect(first?.expiresAt == issuer.clock.now() + 360)
            let again = try await told(["jti": "t-1", "name": "Ann"])
            #expect(again?.idHash == first?.idHash)
            let other = try await told(["jti": "t-2"])
            #expect(other?.idHash != first?.idHash)
            let nameless = try await told([:])
            #expect(nameless == nil)
            // A token received for a code is bound to the authorization request by its nonce.
            try await issuer.gives(["jti": "t-1"])
            let redeemed = try await issuer.provider().identity(for: issuer.callback())
            #expect(redeemed.oneTimeToken == nil)
        }
    }

    @Test func `token log-in requires a configured client, and the audience that the request names`()
        async throws
    {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider { $1.otherClientIDs = ["phone"] }
            func login(_ audience: String, as client: String?) async throws -> SocialIdentity {
                let token = try await issuer.key.sign(issuer.claims(["aud": .string(audience)]))
                return try await provider.identity(
                    for: TokenLogin(clientID: client, idToken: TokenText(token)))
            }
            let told3 = try await login("phone", as: "phone")
            #expect(told3.uid == "person-1")
            let told4 = try await login("phone", as: nil)
            #expect(told4.uid == "person-1")
            await expectError(.invalidToken) { try await login("phone", as: "client-1") }
            await expectError(.invalidToken) { try await login("tablet", as: "tablet") }
        }
    }

    @Test func `accepts a token with another authorized party if allowed, and only for one audience`()
        async throws
    {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider { definition, _ in definition.allowsOtherParties = true }
            func login(_ audience: JSONValue) async throws -> SocialIdentity {
                let token = try await issuer.key.sign(issuer.claims(["aud": audience, "azp": "phone"]))
                return try await provider.identity(for: TokenLogin(clientID: nil, idToken: TokenText(token)))
            }
            let identity = try await login("client-1")
            #expect(identity.uid == "person-1")
            await expectError(.invalidToken) { try await login(["client-1", "phone"]) }
        }
    }

    @Test func `rejects an access token alone, since it names no audience`() async throws {
        try await TestIssuer.serving { issuer in
            await expectError(.invalidToken) {
                try await issuer.provider().identity(
                    for: TokenLogin(clientID: "client-1", accessToken: TokenText("at-1")))
            }
            #expect(issuer.server.received("/userinfo").isEmpty)
        }
    }

    @Test(arguments: [
        #"{"sub":"person-2"}"#, #"{"email":"ann@example.org"}"#, #"{"sub":["person-1"]}"#, "[]",
    ])
    func `rejects userinfo with another subject`(answer: String) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            issuer.server.on("/userinfo") { _ in .json(answer) }
            await expectError(answer == "[]" ? .unknown : .invalidToken) {
                try await issuer.provider().identity(for: issuer.callback())
            }
        }
    }

    @Test func `errors quote no token, secret or address`() async throws {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider()
            try await issuer.gives(["nonce": "n-2"])
            let wrongNonce = await expectError(.invalidToken) {
                try await provider.identity(for: issuer.callback())
            }
            issuer.server.on("/token") { _ in
                .json(
                    #"{"error":"invalid_grant","error_description":"code c-1 of ann@example.org"}"#,
                    status: .badRequest)
            }
            let wrongCode = await expectError(.unknown) {
                try await provider.identity(for: issuer.callback())
            }
            let texts = ["\(try #require(wrongNonce))", "\(try #require(wrongCode))"]
            #expect(texts[1].contains("invalid_grant"))
            for secret in ["s3cret", "c-1", "at-1", "example.org", "verifier", "eyJ"] {
                for text in texts { #expect(!text.contains(secret)) }
            }
        }
    }
}
