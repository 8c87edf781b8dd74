// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Crypto
import Foundation
import Hummingbird
import Testing

@Suite("The pre-social-log-in hook as an HTTP request")
struct PreSocialLoginEndpointTests {
    private static let key = Data((0..<32).map { UInt8($0) })
    private static let secret = WebhookSecret("whsec_" + key.base64EncodedString())!
    private static let marker = "planted-provider-token"
    private static let now = Date(timeIntervalSince1970: 1_795_420_800)

    private static let user = User(
        id: UUID(uuidString: "0199F0B1-0000-7000-8000-000000000001")!, username: "jane", dateJoined: now)

    private static let login = SocialLogin(
        identity: SocialIdentity(
            provider: "example", uid: "4711",
            emailAddresses: [SocialEmailAddress(email: "jane@example.org", verified: true, primary: true)],
            extraData: ["name": "Jane"],
            token: ProviderToken(
                accessToken: TokenText(marker), refreshToken: TokenText(marker + "-refresh"))),
        process: .login, user: user)

    private static let visit = FlowContext(
        request: SignalRequest(client: .browser, ip: "2001:db8::17", userAgent: "tests"))

    /// The result of a hook request, and the requests that the server received.
    private struct Asked: Sendable {
        var result: Result<PreSocialLoginHook.Answer, any Error>
        var received: [LoopbackServer.Received]
        var elsewhere: [LoopbackServer.Received]
    }

    /// Calls the hook of a server that responds with `handler`.
    private func ask(
        _ configure: @escaping @Sendable (inout PreSocialLoginSettings) -> Void = { _ in },
        answering handler: @escaping LoopbackServer.Handler
    ) async throws -> Asked {
        let asked = Locked<Asked?>(nil)
        try await LoopbackServer.serving { server in
            server.on("/hook", handler)
            var settings = PreSocialLoginSettings(url: server.url("/hook"), secret: Self.secret)
            configure(&settings)
            let client = ProviderClient(settings.limits)
            let endpoint = PreSocialLoginEndpoint(settings, http: client, clock: FixedClock(at: Self.now))
            let result: Result<PreSocialLoginHook.Answer, any Error>
            do {
                result = .success(try await endpoint.hook.answer(Self.login, Self.visit))
            } catch {
                result = .failure(error)
            }
            await client.shutdown()
            asked.change {
                $0 = Asked(
                    result: result, received: server.received("/hook"),
                    elsewhere: server.received("/elsewhere"))
            }
        }
        return try #require(asked.value)
    }

    // MARK: The request

    @Test func `the request has the contract's members and no provider token`() async throws {
        let asked = try await ask { _ in .json(#"{"action": "proceed"}"#) }
        #expect(try asked.result.get() == .proceed)
        let request = try #require(asked.received.first)
        #expect(asked.received.count == 1)
        #expect(request.method == "POST")
        #expect(request.headers["content-type"] == "application/json")
        let body = try JSONDecoder().decode(JSONValue.self, from: Data(request.body.utf8))
        #expect(body["type"] == "pre_social_login")
        #expect(body["timestamp"] == "2026-11-23T08:00:00.000Z")
        let data = try #require(body["data"])
        #expect(data["user"] == ["id": "0199f0b1-0000-7000-8000-000000000001"])
        #expect(
            data["sociallogin"] == [
                "provider": "example", "uid": "4711", "process": "login", "is_existing": true,
                "email_addresses": [["email": "jane@example.org", "verified": true, "primary": true]],
                "extra_data": ["name": "Jane"],
            ])
        #expect(data["request"]?["ip"] == "2001:db8::17")
        #expect(data["request"]?["id"]?.string == Self.visit.request.id.wireText)
        #expect(!"\(request)".contains(Self.marker))
    }

    @Test func `the request is signed according to Standard Webhooks`() async throws {
        let asked = try await ask { _ in .json(#"{"action": "proceed"}"#) }
        let request = try #require(asked.received.first)
        let id = try #require(request.headers["webhook-id"])
        #expect(id.hasPrefix("msg_") && !id.contains("."))
        #expect(request.headers["webhook-timestamp"] == "1795420800")
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(id).1795420800.\(request.body)".utf8), using: SymmetricKey(data: Self.key))
        #expect(
            request.headers["webhook-signature"] == "v1," + Data(code).base64EncodedString())
    }

    // MARK: Valid responses

    @Test(arguments: [
        (#"{"action": "proceed"}"#, PreSocialLoginHook.Answer.proceed),
        (#"{"action": "proceed", "unknown": {"a": [1]}}"#, .proceed),
        (#"{"action": "deny", "reason": "on leave"}"#, .deny(reason: "on leave")),
        (#"{"action": "deny"}"#, .deny(reason: "denied")),
        (
            #"{"action": "redirect", "url": "https://app.example.org/hello?a=b#c"}"#,
            .redirect(URL(string: "https://app.example.org/hello?a=b#c")!)
        ),
        (
            #"{"action": "redirect", "url": "https://APP.example.org:8443/"}"#,
            .redirect(URL(string: "https://APP.example.org:8443/")!)
        ),
    ])
    func `accepts proceed, deny and redirect`(text: String, answer: PreSocialLoginHook.Answer)
        async throws
    {
        let asked = try await ask {
            $0.redirectHosts = ["app.example.org", "app.example.org:8443"]
        } answering: { _ in
            .json(text)
        }
        #expect(try asked.result.get() == answer)
    }

    @Test(arguments: [
        #"{"action": "connect", "user": "0199f0b1-0000-7000-8000-000000000001"}"#,
        #"{"action": "connect", "to": "0199f0b1-0000-7000-8000-000000000001"}"#, #"{"action": "Proceed"}"#,
        #"{"action": ""}"#, #"{"action": "allow"}"#,
    ])
    func `an unknown action denies, even if the hook fails open`(text: String)
        async throws
    {
        let asked = try await ask {
            $0.failsOpen = true
        } answering: { _ in
            .json(text)
        }
        #expect(try asked.result.get() == .deny(reason: "action_not_allowed"))
    }

    @Test(arguments: [
        #"{"action": "deny", "reason": {}}"#, #"{"action": "deny", "reason": 7, "url": []}"#,
    ])
    func `a denial whose reason has another type denies, even if the hook fails open`(text: String)
        async throws
    {
        let asked = try await ask {
            $0.failsOpen = true
        } answering: { _ in
            .json(text)
        }
        #expect(try asked.result.get() == .deny(reason: "denied"))
    }

    @Test(arguments: [
        "https://evil.example/", "https://app.example.org.evil.example/",
        "https://app.example.org@evil.example/",
        "https://evil.example\\\\@app.example.org/", "http://app.example.org/",
        "https://app.example.org:444/",
        "javascript:alert(1)//app.example.org", "//app.example.org/", "/relative", "",
        "https://user@app.example.org/", "https://evil.example/?https://app.example.org",
        "http://127.0.0.1:1/",
        "https://app.example.org/\\r\\nSet-Cookie: a=b",
    ])
    func `a redirect to a host that is not allowed denies`(url: String) async throws {
        let asked = try await ask {
            $0.redirectHosts = ["app.example.org"]
            $0.failsOpen = true
        } answering: { _ in
            .json(#"{"action": "redirect", "url": "\#(url)"}"#)
        }
        #expect(try asked.result.get() == .deny(reason: "redirect_not_allowed"))
    }

    @Test func `a redirect without allowed hosts, or without a URL, denies`()
        async throws
    {
        for text in [
            #"{"action": "redirect", "url": "https://app.example.org/"}"#, #"{"action": "redirect"}"#,
        ] {
            let asked = try await ask { _ in .json(text) }
            #expect(try asked.result.get() == .deny(reason: "redirect_not_allowed"))
        }
    }

    // MARK: Errors

    @Test(arguments: [
        "", "proceed", "[]", "{}", "null", #"{"action": 1}"#, #"{"action": ["proceed"]}"#,
        "{\"action\": \"proceed\"",
        "<html>proceed</html>",
    ])
    func `an invalid body is an error`(text: String) async throws {
        let asked = try await ask { _ in .json(text) }
        #expect(throws: (any Error).self) { try asked.result.get() }
    }

    @Test(arguments: [201, 204, 400, 401, 404, 500, 503])
    func `any status but 200 is an error, whatever the body contains`(status: Int) async throws {
        let asked = try await ask { _ in .json(#"{"action": "proceed"}"#, status: .init(code: status)) }
        #expect(throws: (any Error).self) { try asked.result.get() }
    }

    @Test(arguments: [301, 302, 303, 307, 308]) func `does not follow HTTP redirects`(status: Int)
        async throws
    {
        let asked = try await ask { _ in
            Response(status: .init(code: status), headers: [.location: "/elsewhere"])
        }
        #expect(throws: (any Error).self) { try asked.result.get() }
        #expect(asked.elsewhere.isEmpty)
    }

    @Test func `a response that is too large is an error, even if it says proceed`() async throws {
        let padding = String(repeating: " ", count: PreSocialLoginEndpoint.longestAnswer)
        let asked = try await ask { _ in .json(#"{"action": "proceed"}"# + padding) }
        #expect(throws: (any Error).self) { try asked.result.get() }
    }

    @Test func `a slow endpoint is an error shortly after the deadline`() async throws {
        let start = ContinuousClock.now
        try await LoopbackServer.serving { server in
            server.on("/hook") { _ in
                await server.untilTheEnd()
                return .json(#"{"action": "proceed"}"#)
            }
            var settings = PreSocialLoginSettings(url: server.url("/hook"), secret: Self.secret)
            settings.deadline = .seconds(1)
            let client = ProviderClient(settings.limits)
            let endpoint = PreSocialLoginEndpoint(settings, http: client)
            #expect(endpoint.hook.deadline == .seconds(1))
            await #expect(throws: (any Error).self) {
                try await endpoint.hook.answer(Self.login, Self.visit)
            }
            await client.shutdown()
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test func `an unreachable endpoint is an error`() async throws {
        let settings = PreSocialLoginSettings(
            url: URL(string: "http://127.0.0.1:1/hook")!, secret: Self.secret)
        let client = ProviderClient(settings.limits)
        let endpoint = PreSocialLoginEndpoint(settings, http: client)
        await #expect(throws: (any Error).self) { try await endpoint.hook.answer(Self.login, Self.visit) }
        await client.shutdown()
    }
}
