// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import Foundation
import JWTKit

/// The key that an Apple client signs its secrets with
/// (https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret).
public struct AppleKey: Sendable, CustomStringConvertible {
    /// The team id of ten characters: `iss`.
    public let teamID: String
    /// The key id of ten characters: `kid`.
    public let keyID: String
    private let key: ES256PrivateKey

    /// - Parameters:
    ///   - teamID: the id of the developer's team at Apple.
    ///   - keyID: the id of the key at Apple.
    ///   - privateKey: a PEM file from Apple (`.p8`).
    /// - Throws: `SocialProviderError` if it is not a P-256 private key; it is not quoted.
    public init(teamID: String, keyID: String, privateKey: String) throws(SocialProviderError) {
        self.teamID = teamID
        self.keyID = keyID
        do {
            key = try ES256PrivateKey(pem: privateKey)
        } catch {
            throw SocialProviderError(.unknown, "Apple's private key is not a P-256 key in PEM format")
        }
    }

    public var description: String { "AppleKey(\(keyID))" }

    /// A secret for a few minutes: Apple accepts up to six months, but secrets are not stored.
    func secret(for clientID: String, now: Date) async throws(SocialProviderError) -> ClientSecret {
        let claims = Claims(
            iss: IssuerClaim(value: teamID), iat: IssuedAtClaim(value: now),
            exp: ExpirationClaim(value: now.addingTimeInterval(300)),
            aud: AudienceClaim(value: AppleKey.audience), sub: SubjectClaim(value: clientID))
        do {
            let keys = JWTKeyCollection()
            await keys.add(ecdsa: key, kid: JWKIdentifier(string: keyID))
            return ClientSecret(try await keys.sign(claims, kid: JWKIdentifier(string: keyID)))
        } catch {
            throw SocialProviderError(.unknown, "the secret for Apple cannot be signed")
        }
    }

    static let audience = "https://appleid.apple.com"

    private struct Claims: JWTPayload {
        let iss: IssuerClaim
        let iat: IssuedAtClaim
        let exp: ExpirationClaim
        let aud: AudienceClaim
        let sub: SubjectClaim
        func verify(using algorithm: some JWTAlgorithm) throws {}
    }
}
