// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// The JOSE header of a sealed token (RFC 7516, section 4).
package struct TokenHeader: Codable, Sendable {
    /// `dir`: the shared key encrypts the content directly (RFC 7518, section 4.5).
    package var algorithm: String
    /// `A256GCM` (RFC 7518, section 5.3).
    package var encryption: String
    package var keyID: String?
    /// The id of the event that the token is bound to; it is not valid in any other event.
    package var event: String?
    /// Extensions that must be understood (RFC 7515, section 4.1.11); none is supported.
    package var critical: [String]?
    /// Compression, which is not used (RFC 7516, section 4.1.3).
    package var compression: String?

    package static let algorithm = "dir"
    package static let encryption = "A256GCM"

    private enum CodingKeys: String, CodingKey {
        case algorithm = "alg", encryption = "enc", keyID = "kid", event = "evt", critical = "crit"
        case compression = "zip"
    }

    package init(keyID: String, event: UUID) {
        algorithm = Self.algorithm
        encryption = Self.encryption
        self.keyID = keyID
        self.event = event.wireText
    }
}
