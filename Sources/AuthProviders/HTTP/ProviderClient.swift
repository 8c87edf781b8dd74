// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
public import AuthFlows
public import AuthHTTP
import Foundation
public import Logging
import NIOCore
import NIOHTTP1

/// HTTP to providers: bounded in time and size, over verified TLS, following no redirects.
///
/// One client serves all providers of a process. Whoever makes it ends it with ``shutdown()``. If a server gives no
/// answer, its host and the cause are in the error and in the log.
///
/// ```swift
/// var outgoing = OutgoingHTTP()
/// outgoing.proxy = HTTPProxy(host: "proxy.example.org", port: 3128)
/// let client = ProviderClient(outgoing: outgoing, logger: Logger(label: "providers"))
/// ```
public struct ProviderClient: ProviderHTTP {
    /// What a request to a provider may cost.
    public struct Limits: Sendable {
        /// `SOCIALACCOUNT_REQUESTS_TIMEOUT`: from the look-up of the name to the last byte; more than zero.
        public var timeout: Duration = .seconds(5)
        /// The longest answer, bytes.
        public var longestAnswer = 1 << 20

        public init() {}
    }

    public let limits: Limits
    private let connections: HTTPConnections
    private let logger: Logger?

    /// - Parameters:
    ///   - outgoing: whom to trust, and which proxy to use.
    ///   - logger: is told of servers that give no answer, with the cause.
    public init(_ limits: Limits = Limits(), outgoing: OutgoingHTTP = OutgoingHTTP(), logger: Logger? = nil) {
        self.limits = limits
        self.logger = logger
        connections = HTTPConnections(outgoing, connectTimeout: limits.timeout)
    }

    /// Ends the client: requests in flight fail.
    public func shutdown() async { await connections.shutdown() }

    public func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer {
        guard let host = request.url.host, !host.isEmpty, request.url.user == nil,
            request.url.scheme == "https" || (request.url.scheme == "http" && request.allowsPlainHTTP)
        else { throw SocialProviderError(.unknown, "a provider is asked by https only") }
        // A deadline of its own over all: one for the request would not count the reading of the answer.
        let answer = await withTaskGroup(of: Result<ProviderAnswer, SocialProviderError>.self) { group in
            group.addTask { await attempt(request, host: host) }
            group.addTask {
                try? await Task.sleep(for: limits.timeout)
                return .failure(Self.unreachable(host, HTTPFault(.timedOut, "time-out: no answer in time")))
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(SocialProviderError(.unreachable, "\(host) was not asked"))
        }
        if case .failure(let error) = answer, error.code == .unreachable {
            logger?.warning("no answer by HTTP", metadata: ["host": "\(host)", "error": "\(error.message)"])
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
                    SocialProviderError(.unreachable, "\(host) is not asked after the client has ended"))
            }
            let deadline = NIODeadline.now() + .nanoseconds(limits.timeout.nanoseconds)
            let response = try await client.execute(message, deadline: deadline)
            let status = Int(response.status.code)
            guard !(300..<400).contains(status) else {
                return .failure(SocialProviderError(.unknown, "\(host) answered with a redirect"))
            }
            let coding = response.headers.first(name: "Content-Encoding") ?? "identity"
            guard coding.lowercased() == "identity" else {
                return .failure(SocialProviderError(.unknown, "\(host) compressed its answer unasked"))
            }
            let body = try await response.body.collect(upTo: limits.longestAnswer)
            // A body whose reading is given up looks like one that has ended.
            try Task.checkCancellation()
            let type = response.headers.first(name: "Content-Type")?.split(separator: ";").first
            return .success(
                ProviderAnswer(
                    status: status,
                    contentType: type?.trimmingCharacters(in: .whitespaces).lowercased(),
                    body: Data(body.readableBytesView)))
        } catch is NIOTooManyBytesError {
            return .failure(SocialProviderError(.unreachable, "\(host) answered more than is read"))
        } catch {
            return .failure(Self.unreachable(host, connections.fault(error, for: request.url)))
        }
    }
}
