// SPDX-License-Identifier: Apache-2.0
import CryptoExtras

/// In a file without JWTKit, unlike ``TestKey``, since JWTKit and Crypto both declare `Insecure`.
enum PEM {
    static func ofNewRSAKey() throws -> String {
        try _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation
    }
}
