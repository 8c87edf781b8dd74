// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Synchronization

/// A browser, which keeps cookies and sends them.
final class BrowserClient: Sendable {
    private let client: any TestClientProtocol
    private let jar = Mutex<[String: String]>([:])
    private let seen = Mutex<[String]>([])

    init(_ client: any TestClientProtocol) { self.client = client }

    /// The cookies by name.
    var cookies: [String: String] {
        get { jar.withLock { $0 } }
        set { jar.withLock { $0 = newValue } }
    }

    /// All `Set-Cookie` headers so far.
    var setCookies: [String] { seen.withLock { $0 } }

    /// The CSRF token that a page sends in `X-CSRFToken`.
    var csrf: String? { cookies["csrftoken"] }

    func get(_ path: String) async throws -> APIReply { try await send(.get, path, nil) }

    /// Sends a request with the CSRF token.
    func post(
        _ path: String, _ body: JSONValue? = nil, origin: String? = nil, referer: String? = nil
    ) async throws -> APIReply {
        try await send(.post, path, body, csrf: csrf, origin: origin, referer: referer)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue?, csrf: String? = nil,
        origin: String? = nil, referer: String? = nil
    ) async throws -> APIReply {
        var headers = HTTPFields()
        headers[HeaderName("X-CSRFToken")!] = csrf
        headers[.origin] = origin
        headers[.referer] = referer
        let bytes = try body.map { ByteBuffer(bytes: try JSONEncoder().encode($0)) }
        return try APIReply(try await raw(method, "/_allauth/browser/v1/" + path, headers, bytes))
    }

    /// Sends any request with the cookies.
    func raw(
        _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields = [:], _ body: ByteBuffer? = nil
    ) async throws -> TestResponse {
        var headers = headers
        let held = cookies.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: "; ")
        if !held.isEmpty { headers[.cookie] = held }
        let response = try await client.executeRequest(uri: uri, method: method, headers: headers, body: body)
        for header in response.headers[values: .setCookie] {
            seen.withLock { $0.append(header) }
            let pair = header.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { jar.withLock { $0[pair[0]] = pair[1] } }
        }
        return response
    }
}
