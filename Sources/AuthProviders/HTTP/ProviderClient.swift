// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthHTTP
import Foundation
public import Logging

/// The HTTP client for providers: limited in time and size, over verified TLS, without following redirects.
///
/// One client serves all providers of a process. Its owner shuts it down with ``shutdown()``. If a server does not
/// respond, the error and the log contain its host and the cause.
///
/// ```swift
/// var outgoing = OutgoingHTTP()
/// outgoing.proxy = HTTPProxy(host: "proxy.example.org", port: 3128)
/// let client = ProviderClient(outgoing: outgoing, logger: Logger(label: "providers"))
/// ```
public struct ProviderClient: ProviderHTTP {
    /// The limits of a request to a provider.
    public struct Limits: Sendable {
        /// `SOCIALACCOUNT_REQUESTS_TIMEOUT`: from the name resolution to the last byte; more than zero.
        public var timeout: Duration = .seconds(5)
        /// The maximum size of a response body, in bytes.
        public var longestAnswer = 1 << 20

        public init() {}
    }

    public let limits: Limits
    private let connections: HTTPConnections
    private let logger: Logger?

    /// - Parameters:
    ///   - limits: the limits of a request.
    ///   - outgoing: the trusted authorities and the proxy.
    ///   - logger: logs servers that do not respond, with the cause.
    public init(_ limits: Limits = Limits(), outgoing: OutgoingHTTP = OutgoingHTTP(), logger: Logger? = nil) {
        self.limits = limits
        self.logger = logger
        connections = HTTPConnections(outgoing, connectTimeout: limits.timeout)
    }

    /// Shuts the client down: requests in flight fail.
    public func shutdown() async { await connections.shutdown() }

    public func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer {
        guard let host = request.url.host, !host.isEmpty, request.url.user == nil,
            request.url.scheme == "https" || (request.url.scheme == "http" && request.allowsPlainHTTP)
        else { throw SocialProviderError(.unknown, "requests to a provider require https") }
        let answer = await attempt(request, host: host)
        if case .failure(let error) = answer, error.code == .unreachable {
            logger?.warning(
                "HTTP request failed", metadata: ["host": "\(host)", "error": "\(error.message)"])
        }
        return try answer.get()
    }

    private static func unreachable(_ host: String, _ fault: HTTPFault) -> SocialProviderError {
        SocialProviderError(.unreachable, "\(host) cannot be reached: \(fault)")
    }

    private func attempt(
        _ request: ProviderRequest, host: String
    ) async -> Result<ProviderAnswer, SocialProviderError> {
        var message = OutgoingRequest(
            request.method == .get ? "GET" : "POST", request.url, timeout: limits.timeout)
        message.setHeader("User-Agent", to: "auth-signals")
        for (name, value) in request.headers { message.setHeader(name, to: value) }
        message.body = request.body.map { [UInt8]($0) }
        message.responseBody = .upTo(limits.longestAnswer)
        let response: OutgoingResponse
        do {
            response = try await connections.send(message)
        } catch {
            switch error.cause {
            case .shutDown:
                return .failure(
                    SocialProviderError(.unreachable, "no request to \(host) after the client's shutdown"))
            case .tooLarge:
                return .failure(
                    SocialProviderError(.unreachable, "the response of \(host) is too large"))
            default: return .failure(Self.unreachable(host, error))
            }
        }
        guard !(300..<400).contains(response.status) else {
            return .failure(SocialProviderError(.unknown, "\(host) responded with a redirect"))
        }
        guard (response.header("Content-Encoding") ?? "identity").lowercased() == "identity" else {
            return .failure(
                SocialProviderError(.unknown, "\(host) sent a compressed response, which was not requested"))
        }
        let type = response.header("Content-Type")?.split(separator: ";").first
        return .success(
            ProviderAnswer(
                status: response.status, contentType: type?.trimmingCharacters(in: .whitespaces).lowercased(),
                body: Data(response.body)))
    }
}
