// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// A provider that accepts any JSON as an identity, as allauth's `dummy` does.
struct BelievingProvider: SocialProvider {
    var id = "dummy"
    var name = "Dummy"
    var clientID: String?
    var ways = Set(SocialProviderWay.allCases)
    var discoveryURL: URL?
    var policy = SocialProviderPolicy()

    func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL {
        var url = URLComponents(string: "https://provider.example/authorize")!
        url.queryItems = [
            URLQueryItem(name: "state", value: request.state),
            URLQueryItem(name: "redirect_uri", value: request.redirectURI.absoluteString),
        ]
        return url.url!
    }

    func identity(for callback: AuthorizationCallback) async throws(SocialProviderError) -> SocialIdentity {
        if callback.parameters["error"] != nil { throw SocialProviderError(.cancelled, "cancelled") }
        return try identity(callback.parameters["code"] ?? "")
    }

    func identity(for token: TokenLogin) async throws(SocialProviderError) -> SocialIdentity {
        if let clientID, token.clientID != clientID {
            throw SocialProviderError(.invalidToken, "wrong client")
        }
        return try identity(token.idToken?.exposedText ?? "")
    }

    private func identity(_ text: String) throws(SocialProviderError) -> SocialIdentity {
        guard let told = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)),
            let uid = told["id"]?.string
        else { throw SocialProviderError(.invalidToken, "not a JSON object with an id") }
        let email = told["email"]?.string.map {
            SocialEmailAddress(email: $0, verified: told["email_verified"]?.bool == true, primary: true)
        }
        return SocialIdentity(
            provider: id, uid: uid, emailAddresses: [email].compactMap { $0 },
            username: told["username"]?.string, extraData: told)
    }
}
