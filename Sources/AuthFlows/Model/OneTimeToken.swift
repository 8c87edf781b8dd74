// SPDX-License-Identifier: Apache-2.0
import Crypto
public import Foundation

/// A token of a provider that may be used once: allauth's `verify_jti`.
public struct OneTimeToken: Hashable, Sendable {
    /// SHA-256 of what names the token among those of all providers, such as an issuer and a `jti`.
    public var idHash: Data
    /// When the token is refused anyway, and need not be remembered any longer.
    public var expiresAt: Date

    /// - Parameter id: names the token among those of all providers.
    public init(id: String, expiresAt: Date) {
        idHash = Data(SHA256.hash(data: Data(id.utf8)))
        self.expiresAt = expiresAt
    }
}
