// SPDX-License-Identifier: Apache-2.0

/// How much personal data a payload contains: `SIGNALS_PAYLOAD`.
public struct PayloadProfile: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// All members of the contract.
    public static let standard = PayloadProfile(rawValue: "standard")
    /// Only ids and states: no e-mail address, name, client address or provider profile.
    public static let thin = PayloadProfile(rawValue: "thin")

    /// Whether addresses, names and profiles are included.
    public var carriesPersonalData: Bool { self != .thin }
}

extension CodingUserInfoKey {
    static let payloadProfile = CodingUserInfoKey(rawValue: "AuthSignals.payloadProfile")!
}

extension Encoder {
    /// The codec's profile; `standard` for any other encoder.
    ///
    /// An application's own signal with personal members reads it in its `encode(to:)`.
    public var payloadProfile: PayloadProfile { userInfo[.payloadProfile] as? PayloadProfile ?? .standard }
}

extension PayloadProfile: OpenEnumeration {
    public static let knownValues: [PayloadProfile] = [.standard, .thin]
}
