// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// How a client authenticates at the token end-point (OpenID Connect Core, section 9).
public enum ClientAuthentication: String, Sendable, CaseIterable {
    case basic = "client_secret_basic"
    case post = "client_secret_post"

    /// Adds id and secret to a token request; a client without a secret sends only its id.
    func request(
        to url: URL, form: [(String, String)], clientID: String, secret: ClientSecret?
    ) -> ProviderRequest {
        guard let secret else { return .post(url, form: form + [("client_id", clientID)]) }
        switch self {
        case .post:
            return .post(
                url, form: form + [("client_id", clientID), ("client_secret", secret.exposedText)])
        case .basic:
            // Form-encoded first: RFC 6749, section 2.3.1.
            let pair = [clientID, secret.exposedText].map(FormEncoding.encoded).joined(separator: ":")
            var request = ProviderRequest.post(url, form: form)
            request.headers["Authorization"] = "Basic \(Data(pair.utf8).base64EncodedString())"
            return request
        }
    }
}
