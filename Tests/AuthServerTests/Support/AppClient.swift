// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Synchronization

/// An app client, which keeps the newest session token and sends it.
final class AppClient: Sendable {
    private let client: any TestClientProtocol
    private let held = Mutex<String?>(nil)

    init(_ client: any TestClientProtocol) { self.client = client }

    /// The session token.
    var token: String? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> APIReply {
        try await send(.get, path, nil, headers)
    }

    func post(_ path: String, _ body: JSONValue? = nil) async throws -> APIReply {
        try await send(.post, path, body)
    }

    func delete(_ path: String, _ body: JSONValue? = nil) async throws -> APIReply {
        try await send(.delete, path, body)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue?, _ headers: [String: String] = [:]
    ) async throws -> APIReply {
        try await send(
            method, path, bytes: try body.map { ByteBuffer(bytes: try JSONEncoder().encode($0)) }, headers)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, bytes: ByteBuffer?, _ headers: [String: String] = [:]
    ) async throws -> APIReply {
        var fields = HTTPFields()
        for (name, value) in headers { fields[HeaderName(name)!] = value }
        if let token { fields[HeaderName("X-Session-Token")!] = token }
        let response = try await client.executeRequest(
            uri: "/_allauth/app/v1/" + path, method: method, headers: fields, body: bytes)
        let reply = try APIReply(response)
        if let new = reply.body["meta"]?["session_token"]?.string { token = new }
        if reply.status == 410 { token = nil }
        return reply
    }
}

/// A response of the API.
struct APIReply: Sendable {
    var status: Int
    var body: JSONValue
    var headers: HTTPFields

    init(_ response: TestResponse) throws {
        status = response.status.code
        headers = response.headers
        body =
            response.body.readableBytes == 0
            ? .null : try JSONDecoder().decode(JSONValue.self, from: Data(response.body.readableBytesView))
    }

    var isAuthenticated: JSONValue? { body["meta"]?["is_authenticated"] }

    var flows: [JSONValue] { if case .array(let flows)? = body["data"]?["flows"] { flows } else { [] } }
    /// The ids of the pending flows.
    var pending: [String] { flows.filter { $0["is_pending"] == true }.compactMap { $0["id"]?.string } }
    var flowIDs: [String] { flows.compactMap { $0["id"]?.string } }

    var errors: [JSONValue] { if case .array(let errors)? = body["errors"] { errors } else { [] } }
    var errorCodes: [String] { errors.compactMap { $0["code"]?.string } }
}

/// The name of a header: Hummingbird shows the type only as the element of its fields.
typealias HeaderName = HTTPFields.Element.Name
