// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals

/// A provider's profile after the provider's mapping.
public struct Profile: Sendable {
    /// The person's id at the provider: allauth's `extract_uid`.
    public var uid: String?
    /// An unverified address, used if it is not among `addresses`: the e-mail of allauth's `extract_common_fields`.
    public var email: String?
    /// allauth's `extract_email_addresses`.
    public var addresses: [SocialEmailAddress] = []
    public var username: String?
    public var name: String?
    /// The stored data of the profile; it contains no token.
    public var extraData: JSONValue

    public init(uid: String?, of profile: JSONValue) {
        self.uid = uid
        extraData = profile
    }

    /// Adds an address unless it is nil.
    public mutating func add(email: String?, verified: Bool, primary: Bool = true) {
        guard let email else { return }
        addresses.append(SocialEmailAddress(email: email, verified: verified, primary: primary))
    }

    /// Sets the name from a first and a last name.
    public mutating func setName(_ first: String?, _ last: String?) {
        let name = [first, last].compactMap { $0 }.joined(separator: " ")
        self.name = name.isEmpty ? nil : name
    }
}
