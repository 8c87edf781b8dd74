// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// What a definition asks a provider with, once there is an access token.
public struct ProviderCalls: Sendable {
    public let app: SocialApp
    public let accessToken: TokenText
    /// Sent with every request.
    public let headers: [String: String]
    let http: any ProviderHTTP
    let allowsPlainHTTP: Bool

    /// A JSON object behind the access token.
    ///
    /// - Throws: ``SocialProviderError``, also for any status but success.
    public func get(
        _ url: URL, query: [(String, String)] = []
    ) async throws(SocialProviderError) -> JSONValue {
        try await send(authorized(.get(url, query: query))).successful().object()
    }

    /// As ``get(_:query:)``; nil where there is no such thing (404), or the token may not see it (403).
    public func getIfThere(_ url: URL) async throws(SocialProviderError) -> JSONValue? {
        let answer = try await send(authorized(.get(url)))
        if answer.status == 404 || answer.status == 403 { return nil }
        return try answer.successful().json()
    }

    /// A JSON object that is asked for by a POST without a body.
    public func post(_ url: URL) async throws(SocialProviderError) -> JSONValue {
        try await send(authorized(ProviderRequest(.post, url))).successful().object()
    }

    /// Any request, without the access token.
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
