// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Seals providers' tokens for the wire: a seam, since this target knows no cryptography.
///
/// `AuthFlows` has `JWETokenSealer`. A codec without a sealer writes no token of any kind.
public protocol TokenSealer: Sendable {
    /// The text that stands as `sociallogin.token`: a JWE in compact form.
    ///
    /// - Parameter event: the id of the event that carries it; the text holds for no other.
    func seal(_ token: SocialToken, for event: UUID) throws -> String
}

/// What is done with a token in the clear that an encoder meets; where nothing is said, it is left out.
enum TokenTreatment {
    /// It is sealed for an event.
    case seal(any TokenSealer, UUID)
    /// It is kept as it is, for the bytes as a whole are sealed.
    case keep
}

extension CodingUserInfoKey {
    static let tokenTreatment = CodingUserInfoKey(rawValue: "AuthSignals.tokenTreatment")!
}

extension SignalCodec {
    /// An encoder whose bytes hold providers' tokens in the clear: for what is sealed before it is stored, such
    /// as a log-in that waits for its next step. Any other encoder leaves them out.
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
