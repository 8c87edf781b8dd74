// SPDX-License-Identifier: Apache-2.0

/// How much of a person a payload shows: `SIGNALS_PAYLOAD`.
public struct PayloadProfile: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Everything of the contract.
    public static let standard = PayloadProfile(rawValue: "standard")
    /// Ids and states only: no address, name, client address or provider profile.
    public static let thin = PayloadProfile(rawValue: "thin")

    /// Whether addresses, names and profiles are written.
    public var carriesPersonalData: Bool { self != .thin }
}

extension CodingUserInfoKey {
    static let payloadProfile = CodingUserInfoKey(rawValue: "AuthSignals.payloadProfile")!
}

extension Encoder {
    /// The profile the codec writes in; `standard` for any other encoder.
    ///
    /// A signal of an application's own that holds personal members asks it in its `encode(to:)`.
    public var payloadProfile: PayloadProfile { userInfo[.payloadProfile] as? PayloadProfile ?? .standard }
}

extension PayloadProfile: OpenEnumeration {
    public static let knownValues: [PayloadProfile] = [.standard, .thin]
}
