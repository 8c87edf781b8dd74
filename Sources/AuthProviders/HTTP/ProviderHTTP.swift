// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import Foundation

/// How providers are spoken to: ``ProviderClient``, or in a test a table of answers.
public protocol ProviderHTTP: Sendable {
    /// Sends a request and reads the whole answer.
    ///
    /// - Returns: the answer, whatever its status, but for redirects: those are an error, since a request
    ///   with a secret in it goes where it was meant to go and nowhere else.
    /// - Throws: ``SocialProviderError`` with code ``SocialProviderError/Code/unreachable`` where there is no
    ///   answer, it comes too late or is too long.
    func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer
}

/// What a provider answered.
public struct ProviderAnswer: Sendable {
    /// The status code of HTTP.
    public var status: Int
    /// Lower case, without parameters: `application/json`.
    public var contentType: String?
    public var body: Data

    public init(status: Int, contentType: String? = "application/json", body: Data) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}
