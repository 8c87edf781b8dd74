// SPDX-License-Identifier: Apache-2.0
import CryptoExtras

/// Apart from ``TestKey``, since JWTKit and Crypto each have an `Insecure`.
enum PEM {
    static func ofNewRSAKey() throws -> String {
        try _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation
    }
}
