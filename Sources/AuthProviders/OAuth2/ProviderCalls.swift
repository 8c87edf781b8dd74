// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// Calls to a provider with an access token, for a definition's closures.
public struct ProviderCalls: Sendable {
    public let app: SocialApp
    public let accessToken: TokenText
    /// Sent with every request.
    public let headers: [String: String]
    let http: any ProviderHTTP
    let allowsPlainHTTP: Bool

    /// Fetches a JSON object, authorized with the access token.
    ///
    /// - Throws: `SocialProviderError`, also for any status other than success.
    public func get(
        _ url: URL, query: [(String, String)] = []
    ) async throws(SocialProviderError) -> JSONValue {
        try await send(authorized(.get(url, query: query))).successful().object()
    }

    /// Like ``get(_:query:)``; nil if the resource does not exist (404) or the token has no access to it (403).
    public func getIfThere(_ url: URL) async throws(SocialProviderError) -> JSONValue? {
        let answer = try await send(authorized(.get(url)))
        if answer.status == 404 || answer.status == 403 { return nil }
        return try answer.successful().json()
    }

    /// Fetches a JSON object with a POST without a body.
    public func post(_ url: URL) async throws(SocialProviderError) -> JSONValue {
        try await send(authorized(ProviderRequest(.post, url))).successful().object()
    }

    /// Sends a request without adding the access token.
    func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer {
        var request = request
        request.allowsPlainHTTP = allowsPlainHTTP
        request.headers.merge(headers) { $1 }
        return try await http.send(request)
    }

    private func authorized(_ request: ProviderRequest) -> ProviderRequest {
        request.authorized(by: accessToken)
    }
}
