// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import Hummingbird
import Testing

/// Userinfo returned as a signed JWT (OpenID Connect Core, section 5.3.2).
@Suite struct SignedUserInfoTests {
    private func answer(_ issuer: TestIssuer, _ body: String, type: String = "application/jwt") {
        issuer.server.on("/userinfo") { _ in
            Response(
                status: .ok, headers: [.contentType: type],
                body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        }
    }

    @Test(arguments: [nil, "userinfo+jwt"])
    func `verifies and reads signed userinfo`(_ type: String?) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            answer(
                issuer,
                try await issuer.key.sign(
                    [
                        "iss": .string(issuer.issuer), "aud": ["client-1"], "sub": "person-1",
                        "preferred_username": "ann", "email": "ann@example.org", "email_verified": true,
                    ], type: type))
            let identity = try await issuer.provider().identity(for: issuer.callback())
            #expect(identity.username == "ann")
            #expect(
                identity.emailAddresses == [
                    SocialEmailAddress(email: "ann@example.org", verified: true, primary: true)
                ])
        }
    }

    @Test(
        arguments: [
            ["iss": "https://evil.example"], ["aud": "client-2"], ["aud": ["client-2"]], ["exp": 1000],
            ["sub": "person-2"],
        ] as [[String: JSONValue]])
    func `rejects signed userinfo of another issuer, client, time or subject`(
        _ change: [String: JSONValue]
    ) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let claims: [String: JSONValue] = ["sub": "person-1", "iss": .string(issuer.issuer)]
            answer(issuer, try await issuer.key.sign(.object(claims.merging(change) { $1 })))
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    @Test func `the error for unreadable userinfo names the setting that disables it`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let foreign = TestKey.elliptic("k1")
            for (body, type) in [
                (try await foreign.sign(["sub": "person-1"]), "application/jwt"),
                ("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", "application/jwt"),
                ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "application/json"), ("<html>", "text/html"),
            ] {
                answer(issuer, body, type: type)
                do {
                    _ = try await issuer.provider().identity(for: issuer.callback())
                    Issue.record("\(type) was accepted")
                } catch let error as SocialProviderError {
                    #expect(error.message.contains("fetch_userinfo"))
                    #expect(!error.message.contains(body))
                }
            }
            let without = issuer.provider { definition, _ in definition.fetchesUserInfo = false }
            let identity = try await without.identity(for: issuer.callback())
            #expect(identity.uid == "person-1")
        }
    }

    @Test func `settings can override members of the discovery document`() async throws {
        try await TestIssuer.serving { issuer in
            try issuer.discovers(["userinfo_endpoint": .string(issuer.issuer + "/nowhere")])
            try await issuer.gives(["iss": "https://tenant.example.org"])
            let provider = issuer.provider { definition, _ in
                definition.configurationOverrides = [
                    "userinfo_endpoint": .string(issuer.issuer + "/userinfo"),
                    "issuer": "https://tenant.example.org",
                ]
            }
            let identity = try await provider.identity(for: issuer.callback())
            #expect(identity.username == "ann")
            await expectError(.unknown) {
                try await issuer.provider { definition, _ in
                    definition.configurationOverrides = ["token_endpoint": "ftp://id.example.org"]
                }.identity(for: issuer.callback())
            }
        }
    }
}
