// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Crypto
public import Foundation

/// Seals providers' tokens as JWE in compact form (RFC 7516): `alg` `dir`, `enc` `A256GCM`, the key's `kid`, and
/// the event's id as `evt`, all authenticated. Any JOSE library opens it with the same key.
public struct JWETokenSealer: TokenSealer {
    private let keys: TokenKeys
    private let includesRefreshToken: Bool

    /// - Parameters:
    ///   - keys: `SIGNALS_TOKEN_KEYS`; the first one seals.
    ///   - includesRefreshToken: `SIGNALS_TOKEN_REFRESH`: whoever holds a refresh token holds the account's
    ///     consent for as long as it lasts.
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
        // The key is used as it is: there is no encrypted key between the first two dots.
        return [header, "", Data(box.nonce).base64URL, box.ciphertext.base64URL, box.tag.base64URL]
            .joined(separator: ".")
    }
}
