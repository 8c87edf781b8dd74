// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite("Unsealed provider tokens never reach a payload")
struct UnsealedTokenTests {
    static let marker = "planted-provider-token"

    /// Returns the token's length and the event id, without encrypting anything.
    struct Sealer: TokenSealer {
        func seal(_ token: SocialToken, for event: UUID) throws -> String {
            "sealed \(token.exposedAccessToken.count) for \(event.wireText)"
        }
    }

    static var sociallogin: SocialLoginSnapshot {
        var sociallogin = SampleSignals.sociallogin
        sociallogin.token = nil
        sociallogin.unsealedToken = SocialToken(
            exposedAccessToken: marker, scope: "openid", exposedRefreshToken: marker + "-refresh",
            expiresAt: SampleSignals.time)
        return sociallogin
    }

    static var signals: [any Signal] {
        [
            UserLoggedIn(
                request: SampleSignals.request, user: SampleSignals.user, session: SampleSignals.session,
                methods: [.socialAccount], sociallogin: sociallogin),
            UserSignedUp(
                request: SampleSignals.request, user: SampleSignals.user, sociallogin: sociallogin),
            PreSocialLogin(
                request: SampleSignals.request, user: nil, sociallogin: sociallogin, outcome: .proceeded),
            SocialAccountAdded(
                request: SampleSignals.request, user: SampleSignals.user, sociallogin: sociallogin),
            SocialAccountUpdated(
                request: SampleSignals.request, user: SampleSignals.user, sociallogin: sociallogin),
        ]
    }

    private static func token(_ draft: SignalDraft) throws -> JSONValue? {
        try SignalCodec.decoder().decode(JSONValue.self, from: draft.data)["sociallogin"]?["token"]
    }

    @Test func `a signal carries no token without a sealer`() throws {
        for signal in Self.signals {
            let draft = try SampleSignals.codec().draft(signal, at: SampleSignals.time)
            #expect(try Self.token(draft) == nil)
            #expect(draft.data.range(of: Data(Self.marker.utf8)) == nil)
        }
    }

    @Test(arguments: [PayloadProfile.standard, .thin])
    func `a signal carries the token that was sealed for its own event id`(profile: PayloadProfile) throws {
        let codec = SignalCodec(
            source: "https://accounts.example.org", profile: profile, tokenSealer: Sealer())
        for signal in Self.signals {
            let draft = try codec.draft(signal, at: SampleSignals.time)
            #expect(try Self.token(draft) == .string("sealed 22 for \(draft.id.wireText)"))
            #expect(draft.data.range(of: Data(Self.marker.utf8)) == nil)
        }
    }

    @Test func `other encoders omit the unsealed token`() throws {
        for encoder in [JSONEncoder(), SignalCodec.encoder()] {
            let text = String(decoding: try encoder.encode(Self.sociallogin), as: UTF8.self)
            #expect(text.contains("10769150350006150715113082367"))
            #expect(!text.contains(Self.marker) && !text.contains("unsealed"))
        }
    }

    @Test func `only the coders for sealed bytes write and read the unsealed token`() throws {
        let kept = try SignalCodec.encoderOfWhatIsSealed().encode(Self.sociallogin)
        #expect(
            try SignalCodec.decoderOfWhatIsSealed().decode(SocialLoginSnapshot.self, from: kept)
                == Self.sociallogin)
        let foreign = try SignalCodec.decoder().decode(SocialLoginSnapshot.self, from: kept)
        #expect(foreign.unsealedToken == nil)
    }

    @Test func `print, interpolation and dump do not show the token`() {
        let sociallogin = Self.sociallogin
        var shown = "\(sociallogin) \(String(reflecting: sociallogin)) \(sociallogin.unsealedToken!)"
        dump(sociallogin, to: &shown)
        #expect(shown.contains("<SocialToken>"))
        #expect(!shown.contains(Self.marker))
    }

    @Test func `the sealed JSON has the contract's members, the refresh token only on request`() throws {
        let token = try #require(Self.sociallogin.unsealedToken)
        #expect(
            String(decoding: try token.exposedJSON(includingRefreshToken: false), as: UTF8.self)
                == #"{"access_token":"planted-provider-token","expires_at":"2026-11-23T08:00:00.123Z","#
                + #""scope":"openid","token_type":"Bearer"}"#)
        let whole = try token.exposedJSON(includingRefreshToken: true)
        #expect(try SocialToken(exposedJSON: whole) == token)
    }

    @Test func `a sealer's failure throws an error that does not quote the token`() throws {
        struct Broken: TokenSealer, Error {
            func seal(_ token: SocialToken, for event: UUID) throws -> String { throw self }
        }
        let codec = SignalCodec(source: "https://accounts.example.org", tokenSealer: Broken())
        let error = #expect(throws: SignalError.self) {
            try codec.draft(Self.signals[0], at: SampleSignals.time)
        }
        #expect(error?.code == .notEncodable)
        #expect(error?.description.contains(Self.marker) == false)
    }
}
