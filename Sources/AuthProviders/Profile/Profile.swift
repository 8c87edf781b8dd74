// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals

/// What a provider's mapping makes of the profile that it sent.
public struct Profile: Sendable {
    /// The person's id at the provider: allauth's `extract_uid`.
    public var uid: String?
    /// An address that nobody vouches for, where it is not among `addresses`: the e-mail of allauth's
    /// `extract_common_fields`.
    public var email: String?
    /// allauth's `extract_email_addresses`.
    public var addresses: [SocialEmailAddress] = []
    public var username: String?
    public var name: String?
    /// What is kept of the profile; no token in it.
    public var extraData: JSONValue

    public init(uid: String?, of profile: JSONValue) {
        self.uid = uid
        extraData = profile
    }

    /// Adds an address, where there is one.
    public mutating func add(email: String?, verified: Bool, primary: Bool = true) {
        guard let email else { return }
        addresses.append(SocialEmailAddress(email: email, verified: verified, primary: primary))
    }

    /// Makes a name of a first and a last one.
    public mutating func setName(_ first: String?, _ last: String?) {
        let name = [first, last].compactMap { $0 }.joined(separator: " ")
        self.name = name.isEmpty ? nil : name
    }
}
