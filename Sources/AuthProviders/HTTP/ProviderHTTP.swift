// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import Foundation

/// Sends HTTP requests to providers: ``ProviderClient``, or a table of responses in a test.
public protocol ProviderHTTP: Sendable {
    /// Sends a request and reads the whole response.
    ///
    /// - Returns: the response, whatever its status. A redirect is an error instead, because a request may contain a
    ///   secret, which must not be sent to another server.
    /// - Throws: `SocialProviderError` with code `SocialProviderError.Code.unreachable` if the response is
    ///   missing, too
    ///   late or too large.
    func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer
}

/// A provider's response.
public struct ProviderAnswer: Sendable {
    /// The HTTP status code.
    public var status: Int
    /// The media type in lower case, without parameters: `application/json`.
    public var contentType: String?
    public var body: Data

    public init(status: Int, contentType: String? = "application/json", body: Data) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}
