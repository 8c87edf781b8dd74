// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
public import AuthFlows
public import AuthHTTP
import Foundation
public import Logging
import NIOCore
import NIOHTTP1

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
        // A separate deadline for everything: the client's deadline does not cover reading the response body.
        let answer = await withTaskGroup(of: Result<ProviderAnswer, SocialProviderError>.self) { group in
            group.addTask { await attempt(request, host: host) }
            group.addTask {
                try? await Task.sleep(for: limits.timeout)
                return .failure(Self.unreachable(host, HTTPFault(.timedOut, "time-out: no response in time")))
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(SocialProviderError(.unreachable, "no request was sent to \(host)"))
        }
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
        var message = HTTPClientRequest(url: request.url.absoluteString)
        message.method = request.method == .get ? .GET : .POST
        message.headers.add(name: "User-Agent", value: "auth-signals")
        for (name, value) in request.headers { message.headers.replaceOrAdd(name: name, value: value) }
        if let body = request.body { message.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            guard let client = connections.client(for: request.url) else {
                return .failure(
                    SocialProviderError(.unreachable, "no request to \(host) after the client's shutdown"))
            }
            let deadline = NIODeadline.now() + .nanoseconds(limits.timeout.nanoseconds)
            let response = try await client.execute(message, deadline: deadline)
            let status = Int(response.status.code)
            guard !(300..<400).contains(status) else {
                return .failure(SocialProviderError(.unknown, "\(host) responded with a redirect"))
            }
            let coding = response.headers.first(name: "Content-Encoding") ?? "identity"
            guard coding.lowercased() == "identity" else {
                return .failure(
                    SocialProviderError(
                        .unknown, "\(host) sent a compressed response, which was not requested"))
            }
            let body = try await response.body.collect(upTo: limits.longestAnswer)
            // If reading is cancelled, the body looks complete.
            try Task.checkCancellation()
            let type = response.headers.first(name: "Content-Type")?.split(separator: ";").first
            return .success(
                ProviderAnswer(
                    status: status,
                    contentType: type?.trimmingCharacters(in: .whitespaces).lowercased(),
                    body: Data(body.readableBytesView)))
        } catch is NIOTooManyBytesError {
            return .failure(SocialProviderError(.unreachable, "the response of \(host) is too large"))
        } catch {
            return .failure(Self.unreachable(host, connections.fault(error, for: request.url)))
        }
    }
}
