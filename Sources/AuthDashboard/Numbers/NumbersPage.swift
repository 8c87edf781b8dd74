// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation

/// A page of numbers that is read by HTTP: a worker's metrics page, or a resource of the broker's management API.
struct NumbersPage: Sendable {
    let url: URL
    /// User and password for `Authorization: Basic`.
    var credentials: (user: String, password: String)?
    /// The largest body that is read, in bytes.
    var longestBody = 1 << 20
    /// For everything, from connecting to the last byte.
    var timeout = Duration.seconds(5)

    /// The body of a response with status 200.
    ///
    /// - Returns: otherwise why there is none, without an address, a user or a password.
    func read(with connections: HTTPConnections) async -> Result<[UInt8], HTTPFault> {
        var request = OutgoingRequest(url, timeout: timeout)
        request.setHeader("User-Agent", to: "auth-signals")
        if let credentials {
            request.setBasicAuthorization(user: credentials.user, password: credentials.password)
        }
        request.responseBody = .upTo(longestBody)
        do {
            let response = try await connections.send(request)
            switch response.status {
            case 200: return .success(response.body)
            case 401, 403:
                return .failure(HTTPFault(.other, "access denied (status \(response.status))"))
            case let other: return .failure(HTTPFault(.other, "the response has status \(other)"))
            }
        } catch {
            return .failure(error.cause == .shutDown ? HTTPFault(.closed, "the server is stopping") : error)
        }
    }
}
