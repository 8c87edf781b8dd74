// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

@testable import AuthProviders

/// Responses of a provider about an invented user, and the expected identity.
struct ProviderFixture: Decodable, Sendable {
    struct Identity: Decodable, Sendable {
        var uid: String
        var addresses: [SocialEmailAddress]
        var username: String?
        var name: String?
    }

    /// Members of the provider's entry besides provider and client.
    var settings: [String: JSONValue]
    /// The authorization endpoint.
    var authorization: String
    /// The requested scope.
    var scope: String?
    /// Claims of the ID token, without those that every fixture shares; nil if the provider issues no ID token.
    var claims: [String: JSONValue]?
    /// Responses by method and URL.
    var answers: [String: JSONValue]
    /// Parameters of the callback besides the code.
    var parameters: [String: String]?
    var form_post: Bool?
    /// The client uses basic authentication.
    var basic: Bool?
    var without_nonce: Bool?
    /// It supports token log-in with an ID token.
    var token: Bool?
    var identity: Identity

    static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures")
    }

    static func load(_ provider: String) throws -> ProviderFixture {
        let data = try Data(contentsOf: folder.appending(path: "\(provider).json"))
        return try JSONDecoder().decode(ProviderFixture.self, from: data)
    }

    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }
}

extension ProviderFixture {
    /// An ID token with the fixture's claims; nil if the provider issues none.
    func signedToken(by key: TestKey, now: Date) async throws -> String? {
        guard var claims else { return nil }
        let now = Int64(now.timeIntervalSince1970)
        claims.merge(["aud": "client-1", "iat": .integer(now), "exp": .integer(now + 600)]) { $1 }
        if without_nonce != true { claims["nonce"] = "n-1" }
        return try await key.sign(.object(claims))
    }

    /// The URLs of its token endpoint and, if it has one, of its keys.
    func endpoints(of provider: any SocialProvider) -> [(token: String, keys: String?)] {
        if let provider = provider as? OAuth2Provider {
            return [(provider.definition.tokenEndpoint.absoluteString, nil)]
        }
        if let fixed = (provider as? OpenIDProvider)?.definition.configuration {
            return [(fixed.tokenEndpoint.absoluteString, fixed.keysEndpoint.absoluteString)]
        }
        return answers.values.compactMap { answer in
            answer["token_endpoint"]?.string.map { ($0, answer["jwks_uri"]?.string) }
        }
    }
}
