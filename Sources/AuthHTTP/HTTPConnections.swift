// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// Sends HTTP requests over connections that are kept: the connections of one part of a process.
///
/// Requests run concurrently, over HTTP/1.1 and verified TLS 1.2 or later. Redirects are not followed, compressed
/// responses are not requested, and no cookie is kept. A connection that cannot be established fails immediately, with
/// its cause (``HTTPFault``). If a kept connection turns out to be closed before the first byte of the response, the
/// request is sent once more, over a new one.
///
/// ```swift
/// let connections = HTTPConnections(outgoing, connectTimeout: .seconds(5))
/// let response = try await connections.send(OutgoingRequest(url, timeout: .seconds(10)))
/// await connections.shutdown()
/// ```
///
/// A thread starts with the first request, and ends after ``shutdown()``, or if the object is released, or after a
/// minute without a request; connections are closed with it.
public final class HTTPConnections: Sendable {
    private let outgoing: OutgoingHTTP
    private let thread: TransferThread

    /// - Parameters:
    ///   - outgoing: the trusted authorities and the proxy.
    ///   - connectTimeout: for the name resolution, the connection and the TLS handshake; 1 millisecond to a day.
    public init(_ outgoing: OutgoingHTTP = OutgoingHTTP(), connectTimeout: Duration) {
        self.outgoing = outgoing
        thread = TransferThread(connectTimeout: connectTimeout)
    }

    deinit { thread.close() }

    /// Sends a request and receives its response, whatever its status.
    ///
    /// If the task is cancelled, the request is aborted; the server may have received it.
    ///
    /// - Throws: ``HTTPFault`` if no response arrives, or if it is larger than the request permits; the cause is
    ///   ``HTTPFault/Cause/shutDown`` during and after ``shutdown()``.
    public func send(_ request: OutgoingRequest) async throws(HTTPFault) -> OutgoingResponse {
        // libcurl would take the first part of the path as the host.
        guard request.url.host?.isEmpty == false else { throw .unusable }
        var request = request
        if request.url.user != nil || request.url.password != nil {
            guard var parts = URLComponents(url: request.url, resolvingAgainstBaseURL: true) else {
                throw .unusable
            }
            (parts.user, parts.password) = (nil, nil)
            guard let url = parts.url else { throw .unusable }
            request.url = url
        }
        let id = UUID()
        let transfer = Transfer(
            id: id, request: request, proxy: outgoing.proxy(for: request.url),
            authoritiesFile: outgoing.authoritiesFile)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                thread.submit(transfer) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            thread.cancel(id)
        }
        thread.forget(id)
        return try result.get()
    }

    /// Closes all connections: requests in flight fail, and so does every later one.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            thread.close { continuation.resume() }
        }
    }
}
