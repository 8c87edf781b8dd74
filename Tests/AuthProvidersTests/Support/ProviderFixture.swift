// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

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
