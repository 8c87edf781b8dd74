// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Crypto
public import Foundation

/// Seals providers' tokens as JWE in compact form (RFC 7516): `alg` `dir`, `enc` `A256GCM`, the key's `kid`, and
/// the event's id as `evt`, all authenticated. Any JOSE library can decrypt it with the same key.
///
/// Written by hand around swift-crypto's AES-GCM, since JWTKit signs tokens (JWS) but does not encrypt them.
public struct JWETokenSealer: TokenSealer {
    private let keys: TokenKeys
    private let includesRefreshToken: Bool

    /// - Parameters:
    ///   - keys: `SIGNALS_TOKEN_KEYS`; the first one seals.
    ///   - includesRefreshToken: `SIGNALS_TOKEN_REFRESH`. Off by default, because a refresh token grants access to
    ///     the account at the provider until it is revoked or expires.
    public init(_ keys: TokenKeys, includesRefreshToken: Bool = false) {
        self.keys = keys
        self.includesRefreshToken = includesRefreshToken
    }

    public func seal(_ token: SocialToken, for event: UUID) throws -> String {
        let header = try SignalCodec.encoder().encode(TokenHeader(keyID: keys.first.id, event: event))
            .base64URL
        let box = try AES.GCM.seal(
            token.exposedJSON(includingRefreshToken: includesRefreshToken),
            using: SymmetricKey(data: keys.first.exposedBytes), authenticating: Data(header.utf8))
        // With `dir` the key is used directly, so the encrypted key between the first two dots is empty.
        return [header, "", Data(box.nonce).base64URL, box.ciphertext.base64URL, box.tag.base64URL]
            .joined(separator: ".")
    }
}
