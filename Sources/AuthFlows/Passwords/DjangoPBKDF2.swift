// SPDX-License-Identifier: Apache-2.0
import CryptoExtras
import Foundation

/// Django's default scheme: `pbkdf2_sha256$ITERATIONS$SALT$BASE64`. Every ``PasswordHasher`` supports it.
///
/// Source: Django `contrib/auth/hashers.py:PBKDF2PasswordHasher`.
struct DjangoPBKDF2: PasswordScheme {
    /// An upper limit above the iterations of any Django version: a forged hash must not keep a core busy.
    static let mostIterations = 4_000_000

    func recognizes(_ hash: PasswordHash) -> Bool { hash.exposedText.hasPrefix("pbkdf2_sha256$") }

    func verify(_ password: Password, _ hash: PasswordHash) throws -> Bool {
        let parts = hash.exposedText.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let iterations = Int(parts[1]),
            (1...Self.mostIterations).contains(iterations),
            let key = Data(base64Encoded: parts[3]), key.count == 32
        else { return false }
        let derived = try KDF.Insecure.PBKDF2.deriveKey(
            from: Data(password.exposedText.utf8), salt: Data(parts[2].utf8), using: .sha256,
            outputByteCount: key.count, unsafeUncheckedRounds: iterations)
        return derived.withUnsafeBytes { key.isEqualInConstantTime(to: Data($0)) }
    }
}

extension Data {
    /// Compares every byte, even after a difference.
    func isEqualInConstantTime(to other: Data) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for (left, right) in zip(self, other) { difference |= left ^ right }
        return difference == 0
    }
}
