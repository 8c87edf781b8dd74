// SPDX-License-Identifier: Apache-2.0
import Crypto
public import Foundation

/// The keys that are derived from `SECRET_KEY` and `SECRET_KEY_FALLBACKS`, one for each purpose.
///
/// The first secret signs and seals; all of them verify and open. Every sealed value contains the id of its key, so
/// that a secret can be rotated: set the new one as `SECRET_KEY`, add the old one to the fallbacks, and remove it
/// when the longest-lived value (a queued mail, a pending log-in, a link that is valid for three days) has expired.
public struct KeyRing: Sendable {
    /// What a key is for. It becomes the `info` of HKDF (RFC 5869), so that a value that was sealed or signed for one
    /// purpose is invalid for any other.
    public struct Purpose: Hashable, Sendable {
        public let name: String
        public init(_ name: String) { self.name = name }

        public static let confirmEmail = Purpose("confirm-email")
        public static let resetPassword = Purpose("reset-password")
        public static let code = Purpose("code")
        public static let mail = Purpose("mail")
        public static let session = Purpose("session")
        public static let csrf = Purpose("csrf")
        public static let providerToken = Purpose("provider-token")

        /// The purposes whose keys are derived in advance, since requests use them.
        fileprivate static let common = [
            confirmEmail, resetPassword, code, mail, session, csrf, providerToken,
        ]
    }

    private struct Root: Sendable {
        let id: Data
        let secret: SymmetricKey
        private let keys: [Purpose: SymmetricKey]

        init(_ text: String) {
            let secret = SymmetricKey(data: Data(text.utf8))
            self.secret = secret
            id = Self.derive(secret, "key-id", bytes: 4).withUnsafeBytes { Data($0) }
            keys = Dictionary(
                Purpose.common.map { ($0, Self.derive(secret, $0.name, bytes: 32)) },
                uniquingKeysWith: { first, _ in first })
        }

        func key(_ purpose: Purpose) -> SymmetricKey {
            keys[purpose] ?? Self.derive(secret, purpose.name, bytes: 32)
        }

        private static func derive(_ secret: SymmetricKey, _ name: String, bytes: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: secret, info: Data("auth-signals/\(name)/1".utf8), outputByteCount: bytes)
        }
    }

    private let roots: [Root]

    /// - Parameters:
    ///   - secret: `SECRET_KEY`; it should have 32 random bytes or more, in any text encoding.
    ///   - fallbacks: `SECRET_KEY_FALLBACKS`: former secrets, which still verify and open.
    public init(secret: String, fallbacks: [String] = []) {
        roots = ([secret] + fallbacks).map(Root.init)
    }

    // MARK: Sealing

    /// Seals with AES-256-GCM. `context` is authenticated and must be passed again to open the value.
    public func seal(_ plain: Data, for purpose: Purpose, context: String) throws -> Data {
        let box = try AES.GCM.seal(
            plain, using: roots[0].key(purpose), authenticating: Data(context.utf8))
        return Data([1]) + roots[0].id + (box.combined ?? Data())
    }

    /// Opens what ``seal(_:for:context:)`` sealed.
    ///
    /// - Throws: ``KeyRingError`` if the value was not sealed under a secret of the ring, or was modified.
    public func open(_ sealed: Data, for purpose: Purpose, context: String) throws -> Data {
        let sealed = Data(sealed)
        guard sealed.count > 5, sealed[0] == 1 else { throw KeyRingError.notSealed }
        guard let root = roots.first(where: { $0.id == sealed[1..<5] }) else { throw KeyRingError.unknownKey }
        do {
            return try AES.GCM.open(
                .init(combined: sealed[5...]), using: root.key(purpose), authenticating: Data(context.utf8))
        } catch {
            throw KeyRingError.changed
        }
    }

    // MARK: Signing

    /// HMAC-SHA-256 of the parts, each with its length, under the first secret.
    public func authenticationCode(of parts: [String], for purpose: Purpose) -> Data {
        Self.code(parts, roots[0], purpose)
    }

    /// Whether the code authenticates these parts under any secret of the ring. Compared in constant time.
    public func isValid(_ code: Data, of parts: [String], for purpose: Purpose) -> Bool {
        // All secrets are tried even after a match, so that the time taken does not depend on which one matches.
        roots.map { root in
            HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: Self.message(parts), using: root.key(purpose))
        }.contains(true)
    }

    private static func code(_ parts: [String], _ root: Root, _ purpose: Purpose) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: message(parts), using: root.key(purpose)))
    }

    private static func message(_ parts: [String]) -> Data {
        var message = Data()
        for part in parts {
            withUnsafeBytes(of: UInt32(part.utf8.count).bigEndian) { message.append(contentsOf: $0) }
            message.append(contentsOf: part.utf8)
        }
        return message
    }
}

/// Why a sealed value cannot be opened.
public enum KeyRingError: Error, Hashable, Sendable, CustomStringConvertible {
    case notSealed, unknownKey, changed

    public var description: String {
        switch self {
        case .notSealed: "the value is not sealed"
        case .unknownKey:
            "the value was sealed under a secret that is neither SECRET_KEY nor among SECRET_KEY_FALLBACKS"
        case .changed: "the sealed value was modified or was sealed for another purpose or context"
        }
    }
}
