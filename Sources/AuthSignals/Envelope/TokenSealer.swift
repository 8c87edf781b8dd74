// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Seals (encrypts) providers' tokens for the wire: a seam, since this target has no cryptography.
///
/// `AuthFlows` has `JWETokenSealer`. A codec without a sealer never writes a token.
public protocol TokenSealer: Sendable {
    /// The value of `sociallogin.token`: a JWE in compact serialization.
    ///
    /// - Parameters:
    ///   - token: the provider's token.
    ///   - event: the id of the event that contains it; the result is not valid in any other event.
    func seal(_ token: SocialToken, for event: UUID) throws -> String
}

/// How an encoder writes a token that is not sealed. By default it is omitted.
enum TokenTreatment {
    /// Sealed for an event.
    case seal(any TokenSealer, UUID)
    /// In the clear, since the encoded bytes are sealed as a whole.
    case keep
}

extension CodingUserInfoKey {
    static let tokenTreatment = CodingUserInfoKey(rawValue: "AuthSignals.tokenTreatment")!
}

extension SignalCodec {
    /// An encoder that writes providers' tokens in the clear, for data that is sealed before it is stored, such as a
    /// pending log-in. Any other encoder omits them.
    package static func encoderOfWhatIsSealed() -> JSONEncoder {
        let encoder = encoder()
        encoder.userInfo[.tokenTreatment] = TokenTreatment.keep
        return encoder
    }

    /// A decoder for the bytes of ``encoderOfWhatIsSealed()``.
    package static func decoderOfWhatIsSealed() -> JSONDecoder {
        let decoder = decoder()
        decoder.userInfo[.tokenTreatment] = TokenTreatment.keep
        return decoder
    }
}
