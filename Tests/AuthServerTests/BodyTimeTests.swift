// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Hummingbird
import Testing

@testable import AuthServer

@Suite struct BodyTimeTests {
    private func request(_ body: RequestBody) -> Request {
        Request(head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/"), body: body)
    }

    @Test func `a body that is not complete in time is 408`() async throws {
        let (body, source) = RequestBody.makeStream()
        await source.yield(ByteBuffer(string: "{"))
        let error = await #expect(throws: InputRefused.self) {
            try await request(body).limitedBody(within: .milliseconds(20))
        }
        #expect(error?.status == .requestTimeout)
        source.finish()
    }

    @Test func `a body that is complete in time is returned`() async throws {
        let whole = try await request(RequestBody(buffer: ByteBuffer(string: "{}"))).limitedBody(
            within: .seconds(60))
        #expect(String(buffer: whole) == "{}")
    }

    @Test func `reads the settings of the listener`() {
        var reader = SettingsReader([
            "HTTP_BODY_TIMEOUT": "7", "HTTP_DRAIN": "3", "HTTP_MAX_CONNECTIONS": "12",
            "CSRF_COOKIE_NAME": "__Host-csrf",
            "HTTP_HOST": "::1",
        ])
        let settings = AuthServerSettings(reading: &reader)
        #expect(reader.faults.isEmpty)
        #expect(settings.bodyTimeout == .seconds(7))
        #expect(settings.drainDuration == .seconds(3))
        #expect(settings.maximumConnections == 12)
        #expect(settings.csrfCookieName == "__Host-csrf")
        #expect(settings.host == "::1")
    }

    @Test(arguments: [
        ("HTTP_BODY_TIMEOUT", "0"), ("HTTP_DRAIN", "21"), ("HTTP_MAX_CONNECTIONS", "0"), ("HTTP_HOST", "*"),
        ("HTTP_HOST", "[::]"),
        ("CSRF_COOKIE_NAME", "a b"), ("CSRF_COOKIE_NAME", "a;b"), ("CSRF_COOKIE_NAME", "sessionid"),
        ("CSRF_COOKIE_NAME", "ä"), ("CSRF_COOKIE_NAME", String(repeating: "a", count: 65)),
    ])
    func `reports an invalid setting of the listener`(name: String, value: String) {
        var reader = SettingsReader([name: value])
        _ = AuthServerSettings(reading: &reader)
        #expect(reader.faults.map(\.name) == [name])
    }
}
