// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

@testable import AuthProviders

/// What a provider answers about a made-up person, and who that is.
struct ProviderFixture: Decodable, Sendable {
    struct Identity: Decodable, Sendable {
        var uid: String
        var addresses: [SocialEmailAddress]
        var username: String?
        var name: String?
    }

    /// Members of its entry beyond provider and client.
    var settings: [String: JSONValue]
    /// The authorization end-point.
    var authorization: String
    /// What is asked for.
    var scope: String?
    /// Of its ID token, but for what every one has; nil where there is none.
    var claims: [String: JSONValue]?
    /// By method and address.
    var answers: [String: JSONValue]
    /// What comes beside the code.
    var parameters: [String: String]?
    var form_post: Bool?
    /// The client proves itself by basic authentication.
    var basic: Bool?
    var without_nonce: Bool?
    /// It takes ID tokens that applications bring.
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
    /// An ID token with the fixture's claims; nil where the provider gives none.
    func signedToken(by key: TestKey, now: Date) async throws -> String? {
        guard var claims else { return nil }
        let now = Int64(now.timeIntervalSince1970)
        claims.merge(["aud": "client-1", "iat": .integer(now), "exp": .integer(now + 600)]) { $1 }
        if without_nonce != true { claims["nonce"] = "n-1" }
        return try await key.sign(.object(claims))
    }

    /// Where its tokens, and its keys if it has any, are asked for.
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
