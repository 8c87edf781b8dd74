// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// What the headless API answers, before a client's way of holding sessions is put to it.
struct Answer: Sendable {
    /// What becomes of the caller's session.
    enum SessionChange: Sendable {
        case unchanged
        /// The client is to hold this token from now on.
        ///
        /// - expiresAt: nil where it is to last no longer than the browser.
        case opened(SessionToken, expiresAt: Date?)
        /// Whatever the client held is good for nothing.
        case ended
    }

    var status: HTTPResponse.Status
    var data: JSONValue?
    var meta: [String: JSONValue]?
    var errors: [Refusal] = []
    /// Seconds until another try makes sense.
    var retryAfter: Int?
    var session = SessionChange.unchanged
    /// Whether a browser is shown its CSRF token, for scripts that cannot tell which of several cookies of
    /// the name is this server's: `meta.csrf_token`.
    var showsCSRFToken = false

    init(_ status: HTTPResponse.Status, data: JSONValue? = nil, meta: [String: JSONValue]? = nil) {
        self.status = status
        self.data = data
        self.meta = meta
    }

    /// 400, or what else the input deserves.
    init(_ refused: InputRefused) {
        self.init(refused.status)
        errors = refused.refusals
    }

    /// The body: `status`, and what there is of `data`, `meta` and `errors`.
    var body: JSONValue {
        var members: [String: JSONValue] = ["status": .integer(Int64(status.code))]
        members["data"] = data
        members["meta"] = meta.map { .object($0) }
        if !errors.isEmpty { members["errors"] = .array(errors.map(\.json)) }
        return .object(members)
    }

    /// The response without any session in it.
    func response() throws -> Response {
        var response = try Response.json(body, status: status)
        response.headers[.cacheControl] = "no-store"
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }

    /// The response without any session in it; without a body if HEAD asks.
    func response(to request: Request) throws -> Response {
        let response = try response()
        return request.method == .head ? response.createHeadResponse() : response
    }
}

extension Refusal {
    /// An entry of `errors`; `param` is absent where it is about the whole.
    var json: JSONValue {
        var members: [String: JSONValue] = ["code": .string(code.rawValue), "message": .string(message)]
        members["param"] = field.map { .string($0) }
        return .object(members)
    }
}
