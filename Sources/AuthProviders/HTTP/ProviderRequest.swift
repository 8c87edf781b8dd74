// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import Foundation

/// A request to a provider. It may contain secrets, so its description shows only host and path.
public struct ProviderRequest: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    public var method: Method
    public var url: URL
    public var headers: [String: String] = ["Accept": "application/json"]
    public var body: Data?
    /// Whether `http:` is allowed: only if the URL, or the issuer that published it, was configured with it.
    public var allowsPlainHTTP = false

    public init(_ method: Method, _ url: URL) {
        self.method = method
        self.url = url
    }

    /// A GET with members added to the query.
    public static func get(_ url: URL, query: [(String, String)] = []) -> ProviderRequest {
        ProviderRequest(.get, url.adding(query: query))
    }

    /// A POST of a form (`application/x-www-form-urlencoded`).
    public static func post(_ url: URL, form: [(String, String)]) -> ProviderRequest {
        var request = ProviderRequest(.post, url)
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        request.body = Data(FormEncoding.text(of: form).utf8)
        return request
    }

    /// Adds the token as defined by RFC 6750, section 2.1.
    func authorized(by token: TokenText, scheme: String = "Bearer") -> ProviderRequest {
        var request = self
        request.headers["Authorization"] = "\(scheme) \(token.exposedText)"
        return request
    }

    public var description: String { "\(method.rawValue) \(url.host ?? "")\(url.path)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
