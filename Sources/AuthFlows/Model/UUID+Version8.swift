// SPDX-License-Identifier: Apache-2.0
import Crypto
package import Foundation

extension UUID {
    /// A UUID of version 8 (RFC 9562, section 5.8) that follows from texts: the first 16 bytes of the SHA-256 of the
    /// texts, each followed by a zero byte, with the bits of version and variant.
    package static func version8(of texts: String...) -> UUID {
        var hash = SHA256()
        for text in texts { hash.update(data: Data(text.utf8) + [0]) }
        var bytes = Array(hash.finalize().prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}
