// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation
import Hummingbird

/// Sends requests to a port of 127.0.0.1, over connections that are kept.
struct LiveClient: TestClientProtocol {
    let listeningPort: Int
    let connections: HTTPConnections

    var port: Int? { listeningPort }

    func executeRequest(
        uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
    ) async throws -> TestResponse {
        guard let url = URL(string: "http://127.0.0.1:\(listeningPort)\(uri)") else {
            throw TestError.invalidURI(uri)
        }
        var request = OutgoingRequest(method.rawValue, url, timeout: .seconds(60))
        request.headers = headers.map { (name: $0.name.rawName, value: $0.value) }
        request.body = body.map { Array(buffer: $0) }
        request.responseBody = .upTo(16 << 20)
        let response = try await connections.send(request)
        var fields = HTTPFields()
        for (name, value) in response.headers {
            guard let name = HTTPFields.Element.Name(name) else { throw TestError.invalidHeader(name) }
            fields.append(HTTPFields.Element(name: name, value: value))
        }
        return TestResponse(
            status: HTTPResponse.Status(code: response.status), headers: fields,
            body: ByteBuffer(bytes: response.body))
    }
}

/// Why a request of a test could not be sent, or its response not be read.
enum TestError: Error {
    case invalidURI(String)
    case invalidHeader(String)
    /// The application ended before it listened.
    case notListening
}
