// SPDX-License-Identifier: Apache-2.0
import Crypto
public import Foundation

/// The token that identifies a client's session: 32 random bytes in base64url. Only its SHA-256 is stored.
public struct SessionToken: Secret {
    public let exposedText: String

    /// A token as a client sent it.
    public init(_ text: String) { exposedText = text }

    /// A new token.
    public static func random() -> SessionToken { SessionToken(Data.random(count: 32).base64URL) }

    /// SHA-256 of the token, which is what the store keeps.
    public var hash: Data { Data(SHA256.hash(data: Data(exposedText.utf8))) }
}
