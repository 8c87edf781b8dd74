// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthFlows
import AuthSignals
import Foundation
import Testing

@Suite("Sealing a provider's token and opening it in a consumer")
struct TokenOpenerTests {
    static let event = UUID(uuidString: "0199F0C2-0000-7000-8000-0000000000BB")!
    static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    static let otherKey = "_____________________________________________".prefix(42) + "8"
    static let token = SocialToken(
        exposedAccessToken: "made-up-access-token", scope: "openid email",
        exposedRefreshToken: "made-up-refresh-token",
        expiresAt: Date(timeIntervalSince1970: 1_795_424_400))

    /// Sealed by jwcrypto 1.6.1 with ``key``.
    static let golden = [
        "eyJhbGciOiAiZGlyIiwgImVuYyI6ICJBMjU2R0NNIiwgImtpZCI6ICIyMDI2LTExIiwgImV2dCI6ICIwMTk5ZjBjMi0wMDAw"
            + "LTcwMDAtODAwMC0wMDAwMDAwMDAwYmIifQ",
        "", "7UoQ8MW9r0UC5W2w",
        "Tf1H4OmSxILLPHTS2N4EWuMb38qp4aQ1miUqRdxjtd6tugPzRDVhmfq6sPlrZiTkrXqk04ZyQRSX2lZljMggEayHGB06cEz6"
            + "hZ9AKxp36YFW539QtwBrslwWZNohuHbwIb5LEndMeyNCceisCyOgpsFy2OxQF3Ef7lY49fbYiiXEsoQ",
        "zzH7lxS3bgMGcq552XIHRg",
    ].joined(separator: ".")

    private static func keys(_ text: String) throws -> TokenKeys { try TokenKeys(parsing: text) }
    private static func opener(_ text: String) throws -> TokenOpener { TokenOpener(try keys(text)) }

    private static func sealed(_ text: String, refresh: Bool = false) throws -> String {
        try JWETokenSealer(keys(text), includesRefreshToken: refresh).seal(token, for: event)
    }

    private static func error(_ body: () throws -> Void) -> TokenOpeningError? {
        #expect(throws: TokenOpeningError.self) { try body() }
    }

    // MARK: Interoperability with jwcrypto

    @Test func `opens a stored token that jwcrypto sealed`() throws {
        let token = try Self.opener("other:\(Self.otherKey),2026-11:\(Self.key)")
            .open(Self.golden, event: Self.event)
        #expect(token.exposedAccessToken == "made-up-access-token")
        #expect(token.tokenType == "Bearer")
        #expect(token.scope == "openid email")
        #expect(token.expiresAt == Date(timeIntervalSince1970: 1_795_424_400))
        #expect(token.exposedRefreshToken == nil)
    }

    @Test func `opens a token that the installed jwcrypto seals`() async throws {
        let answer = try await JOSE.run([
            "do": "seal", "key": .string(Self.key),
            "header": [
                "alg": "dir", "enc": "A256GCM", "kid": "k1", "evt": .string(Self.event.wireText),
            ],
            "plain": ["access_token": "theirs", "token_type": "mac", "unknown": 1],
        ])
        let token = try Self.opener("k1:\(Self.key)").open(
            try #require(answer["token"]?.string), event: Self.event)
        #expect(token == SocialToken(exposedAccessToken: "theirs", tokenType: "mac"))
    }

    @Test(arguments: [false, true]) func `jwcrypto opens our tokens`(refresh: Bool) async throws {
        let answer = try await JOSE.run([
            "do": "open", "key": .string(Self.key),
            "token": .string(try Self.sealed("k1:\(Self.key),k0:\(Self.otherKey)", refresh: refresh)),
        ])
        #expect(
            answer["header"] == [
                "alg": "dir", "enc": "A256GCM", "kid": "k1", "evt": .string(Self.event.wireText),
            ])
        var plain: [String: JSONValue] = [
            "access_token": "made-up-access-token", "token_type": "Bearer", "scope": "openid email",
            "expires_at": "2026-11-23T09:00:00.000Z",
        ]
        if refresh { plain["refresh_token"] = "made-up-refresh-token" }
        #expect(answer["plain"] == .object(plain))
    }

    // MARK: Keys

    @Test func `the first key seals and all keys open, which allows key rotation`() throws {
        let (old, new) = ("old:\(Self.otherKey)", "new:\(Self.key)")
        for sealing in ["\(old)", "\(old),\(new)", "\(new),\(old)"] {
            let token = try Self.opener("\(new),\(old)").open(
                try Self.sealed(sealing, refresh: true), event: Self.event)
            #expect(token == Self.token)
        }
    }

    @Test func `the error for a missing key names the sealing key and the configured keys`() throws {
        let sealed = try Self.sealed("2026-12:\(Self.key)")
        let without = try Self.opener("2026-10:\(Self.key),2026-11:\(Self.otherKey)")
        let error = Self.error { _ = try without.open(sealed, event: Self.event) }
        #expect(error?.code == .unknownKey)
        #expect(
            error?.message
                == "the token was sealed with an unknown key: '2026-12'; known keys (SIGNALS_TOKEN_KEYS): "
                + "'2026-10', '2026-11'")
        let none = Self.error { _ = try TokenOpener(nil).open(sealed, event: Self.event) }
        #expect(none?.code == .unknownKey)
        #expect(none?.message.hasSuffix("known keys (SIGNALS_TOKEN_KEYS): none") == true)
    }

    @Test func `a different key with the same name does not open the token`() throws {
        let error = Self.error {
            _ = try Self.opener("k1:\(Self.otherKey)").open(
                try Self.sealed("k1:\(Self.key)"), event: Self.event)
        }
        #expect(error?.code == .changed)
    }

    // MARK: Tampering

    @Test func `rejects a token that was copied into another event`() throws {
        let sealed = try Self.sealed("k1:\(Self.key)")
        let error = Self.error { _ = try Self.opener("k1:\(Self.key)").open(sealed, event: UUID()) }
        #expect(error?.code == .otherEvent)
    }

    @Test func `rejects a token with any changed part`() throws {
        let opener = try Self.opener("k1:\(Self.key)")
        let parts = try Self.sealed("k1:\(Self.key)").split(separator: ".", omittingEmptySubsequences: false)
        let stranger = UUID()
        let other = try JWETokenSealer(Self.keys("k1:\(Self.key)")).seal(Self.token, for: stranger)
            .split(separator: ".", omittingEmptySubsequences: false)
        for index in [0, 2, 3, 4] {
            var changed = parts
            changed[index] = other[index]
            let text = changed.joined(separator: ".")
            for event in [Self.event, stranger] {
                #expect(Self.error { _ = try opener.open(text, event: event) }?.code == .changed)
            }
        }
    }

    @Test(arguments: [
        "", "a", "....", "a.b.c.d.e", "{}....", String(repeating: "A", count: 100_000), golden + ".x",
        golden.replacing("..", with: ".AAAA."), golden + "=",
    ])
    func `a text that is not a JWE in the contract's form is malformed`(text: String) throws {
        let opener = try Self.opener("2026-11:\(Self.key)")
        #expect(Self.error { _ = try opener.open(text, event: Self.event) }?.code == .malformed)
    }

    @Test(arguments: [
        #"{"alg":"none","enc":"A256GCM","kid":"2026-11"}"#, #"{"alg":"dir","enc":"A128GCM","kid":"2026-11"}"#,
        #"{"alg":"A256KW","enc":"A256GCM","kid":"2026-11"}"#,
        #"{"alg":"dir","enc":"A256GCM","kid":"2026-11","zip":"DEF"}"#,
        #"{"alg":"dir","enc":"A256GCM","kid":"2026-11","crit":["evt"]}"#,
    ])
    func `rejects every other algorithm in the header`(header: String) throws {
        var parts = Self.golden.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        parts[0] = Data(header.utf8).base64URL
        let opener = try Self.opener("2026-11:\(Self.key)")
        let error = Self.error { _ = try opener.open(parts.joined(separator: "."), event: Self.event) }
        #expect(error?.code == .malformed)
    }

    // MARK: Handlers

    @Test func `a handler gets the token of its signal, or nil if it has none`() throws {
        let codec = SignalCodec(
            source: "https://accounts.example.org",
            tokenSealer: JWETokenSealer(try Self.keys("k1:\(Self.key)"), includesRefreshToken: true))
        var sociallogin = SocialLoginSnapshot(provider: "p", uid: "1", process: .login, isExisting: false)
        let opener = try Self.opener("k1:\(Self.key)")
        #expect(try opener.token(of: sociallogin, event: Self.event) == nil)
        sociallogin.unsealedToken = Self.token
        let draft = try codec.draft(
            PreSocialLogin(
                request: SignalRequest(), user: nil, sociallogin: sociallogin, outcome: .proceeded),
            at: Date())
        let event = try SignalCodec.event(from: codec.message(for: OutboxRow(sequence: 1, draft: draft)).body)
        let received = try event.decode(PreSocialLogin.self).sociallogin
        #expect(received.unsealedToken == nil)
        #expect(try opener.token(of: received, event: event.id) == Self.token)
    }
}
