// SPDX-License-Identifier: Apache-2.0
import Crypto
public import Foundation

/// A provider's token that may be used only once: allauth's `verify_jti`.
public struct OneTimeToken: Hashable, Sendable {
    /// SHA-256 of an id that is unique among the tokens of all providers, such as an issuer and a `jti`.
    public var idHash: Data
    /// When the token expires, so that its use need not be remembered any longer.
    public var expiresAt: Date

    /// - Parameters:
    ///   - id: unique among the tokens of all providers.
    ///   - expiresAt: when the token expires.
    public init(id: String, expiresAt: Date) {
        idHash = Data(SHA256.hash(data: Data(id.utf8)))
        self.expiresAt = expiresAt
    }
}
