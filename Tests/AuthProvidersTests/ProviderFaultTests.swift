// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import Foundation
import Hummingbird
import NIOCore
import Testing

/// Providers that are slow, down or send invalid responses.
@Suite struct ProviderFaultTests {
    static let paths = ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"]

    @Test(arguments: paths)
    func `a request without a response times out`(path: String) async throws {
        try await TestIssuer.serving(timeout: .milliseconds(300)) { issuer in
            try await issuer.gives()
            issuer.server.on(path) { [server = issuer.server] _ in
                await server.untilTheEnd()
                return .json("{}")
            }
            let start = ContinuousClock.now
            await expectError(.unreachable) { try await issuer.provider().identity(for: issuer.callback()) }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test(arguments: paths)
    func `a response that never ends times out`(path: String) async throws {
        try await TestIssuer.serving(timeout: .milliseconds(300)) { issuer in
            try await issuer.gives()
            issuer.server.on(path) { [server = issuer.server] _ in
                Response(
                    status: .ok,
                    body: ResponseBody { writer in
                        try await writer.write(ByteBuffer(string: "{"))
                        await server.untilTheEnd()
                        try await writer.finish(nil)
                    })
            }
            await expectError(.unreachable) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    @Test(arguments: paths)
    func `a server error or a rate limit is reported as unreachable`(path: String) async throws {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider()
            try await issuer.gives()
            for status in [HTTPResponse.Status.internalServerError, .serviceUnavailable, .tooManyRequests] {
                issuer.server.on(path) { _ in Response(status: status) }
                await expectError(.unreachable) { try await provider.identity(for: issuer.callback()) }
            }
        }
    }

    @Test func `a closed port is reported as unreachable`() async throws {
        let client = ProviderClient()
        // No process listens on port 1 of loopback.
        let provider = OpenIDProvider(
            .issuer("http://127.0.0.1:1", id: "down"), app: SocialApp(clientID: "c"), http: client)
        await expectError(.unreachable) {
            try await provider.identity(
                for: TokenLogin(clientID: nil, idToken: TokenText("eyJhbGciOiJSUzI1NiJ9.e30.e30")))
        }
        await client.shutdown()
    }

    @Test(arguments: paths, [true, false])
    func `a response that is too large is not read`(path: String, saysSo: Bool) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let chunk = ByteBuffer(string: String(repeating: " ", count: 1 << 16))
            issuer.server.on(path) { _ in
                Response(
                    status: .ok,
                    body: ResponseBody(contentLength: saysSo ? 17 << 16 : nil) { writer in
                        for _ in 0..<17 { try await writer.write(chunk) }
                        try await writer.finish(nil)
                    })
            }
            let error = await expectError(.unreachable) {
                try await issuer.provider().identity(for: issuer.callback())
            }
            #expect(error?.message.contains("too large") == true)
        }
    }

    @Test(arguments: paths, [301, 302, 303, 307, 308])
    func `does not follow redirects`(path: String, status: Int) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            issuer.server.on(path) { [origin = issuer.issuer] _ in
                Response(status: .init(code: status), headers: [.location: origin + "/elsewhere"])
            }
            await expectError(.unknown) { try await issuer.provider().identity(for: issuer.callback()) }
            #expect(issuer.server.received("/elsewhere").isEmpty)
        }
    }

    @Test(
        arguments: paths,
        ["", "<html>", "[1]", "null", "{\"a\":", "\"text\"", String(repeating: "[", count: 40)])
    func `rejects a response that is not a JSON object`(path: String, answer: String) async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            issuer.server.on(path) { _ in .json(answer) }
            await expectError(.unknown) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    @Test func `rejects a compressed response, which could expand without limit`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            issuer.server.on("/keys") { _ in
                Response(
                    status: .ok, headers: [.contentEncoding: "gzip"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: "{}")))
            }
            await expectError(.unknown) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    static let documents: [[String: JSONValue?]] = [
        ["issuer": "https://evil.example"], ["issuer": nil], ["token_endpoint": nil],
        ["token_endpoint": 1], ["jwks_uri": nil], ["authorization_endpoint": "javascript:alert(1)"],
        ["jwks_uri": "file:///etc/passwd"], ["token_endpoint": "http://user:pass@127.0.0.1/"],
    ]

    @Test(arguments: documents)
    func `rejects a discovery document with another issuer or invalid endpoints`(
        changes: [String: JSONValue?]
    ) async throws {
        try await TestIssuer.serving { issuer in
            try issuer.discovers(changes)
            try await issuer.gives()
            await expectError(.unknown) { try await issuer.provider().identity(for: issuer.callback()) }
            #expect(issuer.server.received("/token").isEmpty)
        }
    }

    @Test func `a trailing slash of the issuer is significant`() async throws {
        try await TestIssuer.serving { issuer in
            try await issuer.gives()
            let provider = issuer.provider { [text = issuer.issuer] definition, _ in
                definition.issuer = text + "/"
            }
            await expectError(.unknown) { try await provider.identity(for: issuer.callback()) }
            #expect(issuer.server.received("/.well-known/openid-configuration").count == 1)
        }
    }

    static let tokens = [
        #"{"access_token":""}"#, #"{"access_token":7}"#, #"{"token_type":"Bearer"}"#,
        #"{"access_token":"a\r\nHost: evil"}"#, #"{"access_token":"ä"}"#,
        #"{"access_token":"at-1","error":"invalid_grant"}"#,
    ]

    @Test(arguments: tokens)
    func `rejects a response without a usable access token`(answer: String) async throws {
        try await TestIssuer.serving { issuer in
            issuer.server.on("/token") { _ in .json(answer) }
            await expectError(.unknown) { try await issuer.provider().identity(for: issuer.callback()) }
            #expect(issuer.server.received("/userinfo").isEmpty)
        }
    }

    @Test func `rejects an OpenID Connect response without an ID token`() async throws {
        try await TestIssuer.serving { issuer in
            issuer.server.on("/token") { _ in .json(#"{"access_token":"at-1"}"#) }
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }

    @Test func `rejects plain HTTP unless configured`() async throws {
        try await LoopbackServer.serving { server in
            let client = ProviderClient()
            server.on("/x") { _ in .json("{}") }
            for url in [server.url("/x"), URL(string: "ftp://127.0.0.1/x")!, URL(string: "/x")!] {
                await #expect(throws: SocialProviderError.self) { try await client.send(.get(url)) }
            }
            #expect(server.received("/x").isEmpty)
            await client.shutdown()
        }
    }

    @Test func `sends no request to a server with an untrusted certificate`() async throws {
        let server = try await UntrustedServer.start()
        let client = ProviderClient()
        let url = try #require(URL(string: "https://127.0.0.1:\(server.port)/"))
        let error = await #expect(throws: SocialProviderError.self) { try await client.send(.get(url)) }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains("SSL") == true)
        await client.shutdown()
        await server.stop()
    }

    @Test func `a client sends nothing after shutdown, and an unused one needs no shutdown`()
        async throws
    {
        try await LoopbackServer.serving { server in
            server.on("/x") { _ in .json("{}") }
            var request = ProviderRequest.get(server.url("/x"))
            request.allowsPlainHTTP = true
            let client = ProviderClient()
            _ = ProviderClient()
            let answer = try await client.send(request)
            #expect(answer.status == 200)
            await client.shutdown()
            await #expect(throws: SocialProviderError.self) { try await client.send(request) }
            #expect(server.received("/x").count == 1)
        }
    }
}
