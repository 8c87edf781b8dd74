// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import JWTKit

/// A signing key pair of a test provider.
enum TestKey: Sendable {
    case elliptic(ES256PrivateKey, kid: String?)
    case rsa(Insecure.RSA.PrivateKey, kid: String?)

    static func elliptic(_ kid: String?) -> TestKey { .elliptic(ES256PrivateKey(), kid: kid) }

    static func rsa(_ kid: String?) throws -> TestKey {
        .rsa(try Insecure.RSA.PrivateKey(pem: try PEM.ofNewRSAKey()), kid: kid)
    }

    var kid: String? {
        switch self {
        case .elliptic(_, let kid), .rsa(_, let kid): kid
        }
    }

    /// The public key as a JWK.
    var jwk: JSONValue {
        get throws {
            var members: [String: JSONValue] = ["use": "sig"]
            members["kid"] = kid.map(JSONValue.string)
            switch self {
            case .elliptic(let key, _):
                let parameters = key.publicKey.parameters!
                func url(_ text: String) -> JSONValue {
                    .string(Data(base64Encoded: text)!.base64URL)
                }
                members.merge(
                    ["kty": "EC", "crv": "P-256", "x": url(parameters.x), "y": url(parameters.y)]
                ) { $1 }
            case .rsa(let key, _):
                let (modulus, exponent) = try key.publicKey.getKeyPrimitives()
                members.merge(
                    ["kty": "RSA", "n": .string(modulus.base64URL), "e": .string(exponent.base64URL)]
                ) { $1 }
            }
            return .object(members)
        }
    }

    /// The public key as PEM, which an attacker also knows.
    var publicPEM: String {
        switch self {
        case .elliptic(let key, _): key.publicKey.pemRepresentation
        case .rsa(let key, _): key.publicKey.pemRepresentation
        }
    }

    /// - Parameter type: `typ` of the header; nil: `JWT`.
    func sign(_ claims: JSONValue, type: String? = nil) async throws -> String {
        let keys = JWTKeyCollection()
        let identifier = kid.map { JWKIdentifier(string: $0) }
        switch self {
        case .elliptic(let key, _): await keys.add(ecdsa: key, kid: identifier)
        case .rsa(let key, _): await keys.add(rsa: key, digestAlgorithm: .sha256, kid: identifier)
        }
        var header = JWTHeader()
        if let type { header.typ = type }
        return try await keys.sign(TestClaims(members: claims), kid: identifier, header: header)
    }
}

struct TestClaims: JWTPayload {
    var members: JSONValue
    init(members: JSONValue) { self.members = members }
    init(from decoder: any Decoder) throws { members = try JSONValue(from: decoder) }
    func encode(to encoder: any Encoder) throws { try members.encode(to: encoder) }
    func verify(using algorithm: some JWTAlgorithm) throws {}
}
