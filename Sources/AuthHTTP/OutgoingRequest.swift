// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A request to another HTTP server, with its limits.
///
/// ```swift
/// var request = OutgoingRequest("POST", url, timeout: .seconds(5))
/// request.setHeader("Content-Type", to: "application/json")
/// request.body = [UInt8](json)
/// let response = try await connections.send(request)
/// ```
public struct OutgoingRequest: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// What is done with the response's body.
    public enum ResponseBody: Hashable, Sendable {
        /// The body is returned; one that is larger, in bytes, is a fault.
        case upTo(Int)
        /// The body is ignored, and the response is complete with its headers. If the body is not larger, in bytes, and
        /// arrives within a second, the connection can be used again.
        case ignored(upTo: Int)
    }

    /// `GET`, `POST` or another method (RFC 9110, section 9).
    public var method: String
    /// An http or https URL. User information in it is not sent.
    public var url: URL
    /// Names and values in the order in which they are sent. A name or a value that could be read as more than one
    /// header is a fault. `Content-Length`, `Transfer-Encoding` and `Expect` are ignored: ``HTTPConnections`` decides
    /// them.
    public var headers: [(name: String, value: String)] = []
    /// The body; nil if the request has none.
    public var body: [UInt8]?
    /// From the name resolution to the last byte of the response; 1 millisecond to a day.
    public var timeout: Duration
    /// 1 MiB by default.
    public var responseBody = ResponseBody.upTo(1 << 20)

    /// - Parameters:
    ///   - method: the method.
    ///   - url: an http or https URL.
    ///   - timeout: from the name resolution to the last byte of the response.
    public init(_ method: String, _ url: URL, timeout: Duration) {
        self.method = method
        self.url = url
        self.timeout = timeout
    }

    /// A GET request.
    ///
    /// - Parameters:
    ///   - url: an http or https URL.
    ///   - timeout: from the name resolution to the last byte of the response.
    public init(_ url: URL, timeout: Duration) { self.init("GET", url, timeout: timeout) }

    /// Sets a header, and removes all others of that name.
    public mutating func setHeader(_ name: String, to value: String) {
        headers.removeAll { $0.name.lowercased() == name.lowercased() }
        headers.append((name, value))
    }

    /// Sets `Authorization: Basic` (RFC 7617).
    public mutating func setBasicAuthorization(user: String, password: String) {
        setHeader("Authorization", to: "Basic " + Data("\(user):\(password)".utf8).base64EncodedString())
    }

    /// Method and host; never the path, a header or the body.
    public var description: String { "\(method) \(url.host ?? "")" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["request": description]) }
}

/// The response to an ``OutgoingRequest``.
public struct OutgoingResponse: Sendable {
    /// The status code (RFC 9110, section 15).
    public var status: Int
    /// Names and values in the order of the response.
    public var headers: [(name: String, value: String)]
    /// Empty if the body was ignored.
    public var body: [UInt8]

    /// - Parameters:
    ///   - status: the status code.
    ///   - headers: names and values.
    ///   - body: the body.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the first header with a name, in any case; nil if it is missing.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
