// SPDX-License-Identifier: Apache-2.0

/// How much personal data a payload contains: `SIGNALS_PAYLOAD`.
public struct PayloadProfile: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// All members of the contract.
    public static let standard = PayloadProfile(rawValue: "standard")
    /// Only ids and states: no e-mail address, name, client address or provider profile.
    public static let thin = PayloadProfile(rawValue: "thin")
    /// A made-up signal that `auth-signals trigger` published for the development of a subscriber. It is not a value of
    /// `SIGNALS_PAYLOAD`, and no flow emits such a signal.
    public static let sample = PayloadProfile(rawValue: "sample")

    /// Whether addresses, names and profiles are included.
    public var carriesPersonalData: Bool { self != .thin }
}

extension PayloadProfile {
    /// The profile of the codec that is encoding a signal; `standard` in any other encoding.
    ///
    /// A task-local value rather than an encoder's `userInfo`, which a keyed container does not give access to: a
    /// ``Personal`` member has to be omitted by its container.
    @TaskLocal static var current = PayloadProfile.standard
}

extension PayloadProfile: OpenEnumeration {
    public static let knownValues: [PayloadProfile] = [.standard, .thin]
}
