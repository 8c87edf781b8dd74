// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation
import Testing

/// Requests, responses and their limits.
@Suite struct HTTPConnectionsTests {
    // MARK: Requests and responses

    @Test func `sends method, headers and body, and adds no header but Host and Content-Length`() async throws
    {
        try await ConnectionsFixture.serving { fixture in
            var request = try fixture.request("/echo")
            request.method = "POST"
            request.headers = [("X-One", "1"), ("X-Empty", ""), ("content-length", "999"), ("Expect", "x")]
            request.setHeader("x-one", to: "2")
            request.setBasicAuthorization(user: "jane", password: "a:b")
            request.body = Array("{}".utf8)
            let response = try await fixture.send(request)
            let lines = String(decoding: response.body, as: UTF8.self).components(separatedBy: "\r\n")
            #expect(lines.first == "POST /echo HTTP/1.1")
            #expect(
                Set(lines.dropFirst()) == [
                    "Host: 127.0.0.1:\(fixture.server.port)", "X-Empty:", "x-one: 2",
                    "Authorization: Basic amFuZTphOmI=", "Content-Length: 2",
                ])
            #expect(!"\(request)".contains("echo"))
        }
    }

    @Test func `a response has its status, headers in order and body`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let response = try await fixture.send(try fixture.request("/hello"))
            #expect(response.status == 200)
            #expect(response.body == Array("hello".utf8))
            #expect(response.headers.map(\.name) == ["Content-Length", "X-Empty", "X-Number", "x-number"])
            #expect(response.header("x-number") == "1")
            #expect(response.header("x-empty")?.isEmpty == true)
            #expect(response.header("X-Missing") == nil)
        }
    }

    @Test func `does not send user information`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let url = try #require(URL(string: "http://jane:sesame@127.0.0.1:\(fixture.server.port)/echo"))
            let response = try await fixture.send(OutgoingRequest(url, timeout: .seconds(60)))
            #expect(!String(decoding: response.body, as: UTF8.self).contains("Authorization"))
        }
    }

    @Test(arguments: [
        ("X", "a\r\nInjected: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\0b"), ("X: y\r\nInjected", "b"),
        ("X Y", "b"), ("", "b"), ("X\0", "b"),
    ])
    func `rejects a header that could be read as another one`(_ name: String, _ value: String) async throws {
        try await ConnectionsFixture.serving { fixture in
            var request = try fixture.request("/hello")
            request.headers = [(name, value)]
            let fault = await fixture.fault(request)
            #expect(fault?.cause == .other)
            #expect(fault?.message.contains("Injected") == false)
            #expect(fixture.server.requests.isEmpty)
        }
    }

    @Test(arguments: ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "/x", "http:///x"])
    func `rejects a URL that is not http or https`(_ text: String) async throws {
        let connections = HTTPConnections(connectTimeout: .seconds(30))
        let request = OutgoingRequest(try #require(URL(string: text)), timeout: .seconds(60))
        let fault = await #expect(throws: HTTPFault.self) { try await connections.send(request) }
        #expect(fault?.cause == .other)
        await connections.shutdown()
    }

    @Test func `does not follow redirects`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let response = try await fixture.send(try fixture.request("/moved"))
            #expect(response.status == 302)
            #expect(response.header("Location") == "/hello")
            #expect(fixture.server.requests.filter { $0.contains("/hello") }.isEmpty)
        }
    }

    // MARK: Limits

    @Test(arguments: ["/large", "/large-head"])
    func `a response without an end is not read beyond the limit`(_ path: String) async throws {
        try await ConnectionsFixture.serving { fixture in
            var request = try fixture.request(path)
            request.responseBody = .upTo(100_000)
            let fault = await fixture.fault(request)
            #expect(fault?.cause == .tooLarge)
            #expect(fault?.message.contains("the response is too large") == true)
        }
    }

    @Test func `a body of exactly the limit is not too large`() async throws {
        try await ConnectionsFixture.serving { fixture in
            var request = try fixture.request("/hello")
            request.responseBody = .upTo(5)
            #expect(try await fixture.send(request).body.count == 5)
            request.responseBody = .upTo(4)
            #expect(await fixture.fault(request)?.cause == .tooLarge)
        }
    }

    @Test(arguments: ["/large", "/cut", "/unfinished", "/hello"])
    func `if the body is ignored, the response is complete with its headers`(_ path: String) async throws {
        try await ConnectionsFixture.serving { fixture in
            var request = try fixture.request(path)
            request.responseBody = .ignored(upTo: 100_000)
            let response = try await fixture.send(request)
            #expect(response.status == 200)
            #expect(response.body.isEmpty)
        }
    }

    @Test(arguments: ["/silent", "/unfinished"])
    func `the time-out includes the body`(_ path: String) async throws {
        try await ConnectionsFixture.serving { fixture in
            let request = try fixture.request(path, timeout: .milliseconds(200))
            let fault = await fixture.fault(request)
            #expect(fault?.cause == .timedOut)
        }
    }

    @Test func `reports a body that is cut and a server that does not speak HTTP`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let cut = await fixture.fault(try fixture.request("/cut"))
            #expect(cut?.cause == .closed)
            let other = await fixture.fault(try fixture.request("/not-http"))
            #expect(other?.cause == .other)
            #expect(other?.message.contains("mail.example.org") == false)
            let switched = await fixture.fault(try fixture.request("/switched"))
            #expect(switched?.message == "the response is not HTTP/1")
        }
    }
}
