// SPDX-License-Identifier: Apache-2.0
package import Hummingbird

/// Sends the requests of a test to the application under test.
///
/// The names are those of HummingbirdTesting, without its dependencies: AsyncHTTPClient, NIOSSL and NIOHTTP2.
package protocol TestClientProtocol: Sendable {
    /// Sends a request and returns the response, whatever its status.
    ///
    /// - Parameters:
    ///   - uri: the path with its query, percent-encoded.
    ///   - body: sent with its `Content-Length`; nil for a request without a body.
    func executeRequest(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> TestResponse

    /// The port of the application; nil without a socket.
    var port: Int? { get }
}

extension TestClientProtocol {
    /// Sends a request and passes its response to a closure.
    @discardableResult package func execute<Return>(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil,
        testCallback: (TestResponse) async throws -> Return = { $0 }
    ) async throws -> Return {
        try await testCallback(
            try await executeRequest(uri: uri, method: method, headers: headers, body: body))
    }
}

/// The response to a request of a test.
package struct TestResponse: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: ByteBuffer
}
