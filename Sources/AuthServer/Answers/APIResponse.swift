// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// A response of the headless API, before the session token is written for the kind of client.
struct APIResponse: Sendable {
    /// The change of the caller's session.
    enum SessionChange: Sendable {
        case unchanged
        /// The client receives this token.
        ///
        /// - expiresAt: nil if the session ends with the browser.
        case opened(SessionToken, expiresAt: Date?)
        /// The client's session has ended: its token is refused from now on.
        case ended
    }

    var status: HTTPResponse.Status
    var data: JSONValue?
    var meta: [String: JSONValue]?
    var errors: [Refusal] = []
    /// Seconds until the client should retry.
    var retryAfter: Int?
    var session = SessionChange.unchanged
    /// Whether the response to a browser contains its CSRF token as `meta.csrf_token`, for scripts that see several
    /// cookies of that name and cannot tell which one belongs to this server.
    var showsCSRFToken = false

    init(_ status: HTTPResponse.Status, data: JSONValue? = nil, meta: [String: JSONValue]? = nil) {
        self.status = status
        self.data = data
        self.meta = meta
    }

    /// The status of the refusal, usually 400, and its errors.
    init(_ refused: InputRefused) {
        self.init(refused.status)
        errors = refused.refusals
    }

    /// The body: `status`, and `data`, `meta` and `errors` if present.
    var body: JSONValue {
        var members: [String: JSONValue] = ["status": .integer(Int64(status.code))]
        members["data"] = data
        members["meta"] = meta.map { .object($0) }
        if !errors.isEmpty { members["errors"] = .array(errors.map(\.json)) }
        return .object(members)
    }

    /// The response without a session token.
    func response() throws -> Response {
        var response = try Response.json(body, status: status)
        response.headers[.cacheControl] = "no-store"
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }

    /// The response without a session token; without a body for HEAD.
    func response(to request: Request) throws -> Response {
        let response = try response()
        return request.method == .head ? response.createHeadResponse() : response
    }
}

extension Refusal {
    /// An entry of `errors`; `param` is absent if the error is not about a single field.
    var json: JSONValue {
        var members: [String: JSONValue] = ["code": .string(code.rawValue), "message": .string(message)]
        members["param"] = field.map { .string($0) }
        return .object(members)
    }
}
