// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import JWTKit
import Testing

@testable import AuthProviders

/// Every provider, from its entry in the file to the identity: its requests, and how responses are read.
@Suite struct ProviderFixtureTests {
    @Test func `every provider kind has a fixture, and every fixture a kind`() {
        #expect(ProviderFixture.names == ProviderKind.all.map(\.id))
    }

    @Test(arguments: ProviderFixture.names)
    func `responses of the provider become the expected identity`(name: String) async throws {
        let fixture = try ProviderFixture.load(name)
        let key = TestKey.elliptic("k1")
        let clock = FixedClock()
        var entry = fixture.settings.merging(
            ["provider": .string(name), "client_id": "client-1", "secret": "s3cret"]) { $1 }
        if name == "apple" {
            entry["private_key"] = .string(ES256PrivateKey().pemRepresentation)
            entry["secret"] = nil
        }
        let (settings, faults) = try ProviderFile([entry]).read()
        #expect(faults.isEmpty)
        let http = TableHTTP(fixture.answers)
        let provider = try #require(settings.providers(over: http, clock: clock).first)
        #expect(provider.id == fixture.settings["id"]?.string ?? name)

        let url = try await provider.authorizationURL(
            AuthorizationRequest(
                redirectURI: URL(string: "https://accounts.example.org/back")!, state: "s-1",
                codeChallenge: "challenge-1", nonce: "n-1"))
        let asked = ProviderRequest(.get, url)
        #expect(asked.key == "GET \(fixture.authorization)")
        #expect(asked.members["scope"] == fixture.scope)
        #expect(asked.members["response_mode"] == (fixture.form_post == true ? "form_post" : nil))
        let sendsNonce = fixture.claims != nil && fixture.without_nonce != true
        #expect(asked.members["nonce"] == (sendsNonce ? "n-1" : nil))

        // The token endpoint is the one that receives the code by POST.
        let idToken = try await fixture.signedToken(by: key, now: clock.now())
        let tokens: JSONValue = [
            "access_token": "at-1", "token_type": "bearer",
            "id_token": idToken.map(JSONValue.string) ?? .null,
        ]
        for endpoint in fixture.endpoints(of: provider) {
            http.answer("POST \(endpoint.token)", with: tokens)
            if let keys = endpoint.keys { http.answer("GET \(keys)", with: ["keys": [try key.jwk]]) }
        }
        let identity = try await provider.identity(
            for: AuthorizationCallback(
                parameters: ["code": "c-1"].merging(fixture.parameters ?? [:]) { $1 },
                redirectURI: URL(string: "https://accounts.example.org/back")!, codeVerifier: "verifier-1",
                nonce: "n-1"))
        expect(identity, is: fixture.identity)
        #expect(identity.token?.accessToken.exposedText == "at-1")
        let kept = String(decoding: try JSONEncoder().encode(identity.extraData), as: UTF8.self)
        #expect(!kept.contains("at-1") && !kept.contains("forged"))

        let redeemed = try #require(http.requests.first { $0.members["code"] == "c-1" })
        #expect(redeemed.method == .post)
        #expect((redeemed.headers["Authorization"]?.hasPrefix("Basic ") == true) == (fixture.basic == true))
        let asksForAll = Set(http.requests.map(\.key)).isSuperset(of: fixture.answers.keys)
        #expect(asksForAll, "not every response was requested")
        for request in http.requests where request.url.query?.contains("at-1") == true {
            Issue.record("the access token is in a URL")
        }

        #expect((provider.ways.contains(.token)) == (fixture.token == true || name == "facebook"))
        guard fixture.token == true, let idToken else { return }
        let brought = try await provider.identity(
            for: TokenLogin(clientID: "client-1", idToken: TokenText(idToken)))
        #expect(brought.uid == fixture.identity.uid)
        #expect(brought.emailAddresses == fixture.identity.addresses)
        #expect(brought.token == nil)
    }

    private func expect(_ identity: SocialIdentity, is expected: ProviderFixture.Identity) {
        #expect(identity.uid == expected.uid)
        #expect(identity.emailAddresses == expected.addresses)
        #expect(identity.username == expected.username)
        #expect(identity.name == expected.name)
    }
}
