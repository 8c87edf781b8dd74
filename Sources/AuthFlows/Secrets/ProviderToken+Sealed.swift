// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

extension ProviderToken {
    /// The token in the form that a store keeps.
    ///
    /// - Parameters:
    ///   - keys: seal the token.
    ///   - context: what the token belongs to; it must be passed again to open it.
    public func sealed(with keys: KeyRing, context: String) throws -> Data {
        let plain = Plain(
            accessToken: accessToken.exposedText, tokenType: tokenType, scope: scope,
            refreshToken: refreshToken?.exposedText, expiresAt: expiresAt)
        return try keys.seal(SignalCodec.encoder().encode(plain), for: .providerToken, context: context)
    }

    /// Opens what ``sealed(with:context:)`` sealed.
    ///
    /// - Throws: ``KeyRingError`` if it was not sealed under a secret of the ring, or was sealed for another context.
    public init(opening sealed: Data, with keys: KeyRing, context: String) throws {
        let plain = try SignalCodec.decoder().decode(
            Plain.self, from: keys.open(sealed, for: .providerToken, context: context))
        self.init(
            accessToken: TokenText(plain.accessToken), tokenType: plain.tokenType, scope: plain.scope,
            refreshToken: plain.refreshToken.map { TokenText($0) }, expiresAt: plain.expiresAt)
    }

    /// The plain text that is sealed. It is not used for anything else.
    private struct Plain: Codable {
        var accessToken: String
        var tokenType: String
        var scope: String?
        var refreshToken: String?
        var expiresAt: Date?
    }
}
