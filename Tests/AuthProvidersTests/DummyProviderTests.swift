// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import Foundation
import Testing

@Suite struct DummyProviderTests {
    let dummy = DummyProvider(publicURL: URL(string: "http://127.0.0.1:8080")!)

    @Test func `accepts any identity given as JSON`() async throws {
        let text = #"{"id": "1", "email": "N@x.org", "email_verified": true, "first_name": "N"}"#
        for identity in [
            try await dummy.identity(for: TokenLogin(clientID: "x", idToken: TokenText(text))),
            try await dummy.identity(
                for: AuthorizationCallback(
                    parameters: ["code": text], redirectURI: URL(string: "http://127.0.0.1/")!,
                    codeVerifier: "", nonce: "")),
        ] {
            #expect(identity.provider == "dummy")
            #expect(identity.uid == "1")
            #expect(
                identity.emailAddresses == [
                    SocialEmailAddress(email: "n@x.org", verified: true, primary: true)
                ])
            #expect(identity.name == "N")
        }
    }

    @Test func `accepts a numeric id and a missing address`() async throws {
        let login = TokenLogin(clientID: nil, idToken: TokenText(#"{"id": 12}"#))
        let identity = try await dummy.identity(for: login)
        #expect(identity.uid == "12")
        #expect(identity.emailAddresses.isEmpty)
    }

    @Test(arguments: [
        "", "1", "[]", "{}", #"{"id": ""}"#, #"{"id": "ann"}"#, #"{"id": true}"#, #"{"id": 1.5}"#,
    ])
    func `rejects an id that is not a whole number`(text: String) async throws {
        await expectError(.invalidToken) {
            try await dummy.identity(for: TokenLogin(clientID: nil, idToken: TokenText(text)))
        }
    }

    @Test func `redirects to a page of this server, where the user can cancel`() async throws {
        let url = try await dummy.authorizationURL(
            AuthorizationRequest(
                redirectURI: URL(string: "http://127.0.0.1:8080/back")!, state: "s&1", codeChallenge: "c",
                nonce: "n"))
        #expect(
            url.absoluteString == "http://127.0.0.1:8080/_allauth/dummy/authorize?state=s%261"
                + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fback")
        await expectError(.cancelled) {
            try await dummy.identity(
                for: AuthorizationCallback(
                    parameters: ["error": "access_denied"], redirectURI: url, codeVerifier: "", nonce: ""))
        }
    }
}
