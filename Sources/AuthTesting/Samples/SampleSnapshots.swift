// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

// The parts of the signals' examples. Each has the values of the contract's example messages; the parameters are the
// members that tests usually vary, and every other member can be set afterwards.

extension SignalRequest {
    /// The request of an example: a browser's.
    ///
    /// - Parameters:
    ///   - id: always the same if nil.
    ///   - client: the kind of the client.
    ///   - ip: the client's address.
    ///   - userAgent: cut to 512 bytes.
    public static func sample(
        id: UUID? = nil, client: Client = .browser, ip: String? = "2001:db8::17",
        userAgent: String? = "Mozilla/5.0 (X11; Linux x86_64) \"Ünïcode\"/1.0"
    ) -> SignalRequest {
        var request = SignalRequest(
            id: id ?? SignalSamples.request.id, client: client, ip: ip, userAgent: userAgent)
        request.profile = SignalSamples.request.profile
        return request
    }
}

extension UserSnapshot {
    /// The user of an example: Jane Doe, who has just logged in.
    ///
    /// - Parameters:
    ///   - id: signals of one user are handled in order; give different ids to different users.
    ///   - email: the primary address.
    ///   - username: the username.
    ///   - isActive: whether the user may log in.
    public static func sample(
        id: String = "0199f0b1-0000-7000-8000-000000000001", email: String? = "jane.doe@example.org",
        username: String? = "jane", isActive: Bool = true
    ) -> UserSnapshot {
        UserSnapshot(
            id: id, email: email, username: username, isActive: isActive,
            dateJoined: SignalSamples.user.dateJoined, lastLogin: SignalSamples.user.lastLogin)
    }
}

extension SessionSnapshot {
    /// The session of an example, which lasts two weeks.
    public static func sample(id: String = "0199f0b1-0000-7000-8000-000000000002") -> SessionSnapshot {
        SessionSnapshot(
            id: id, createdAt: SignalSamples.session.createdAt, expiresAt: SignalSamples.session.expiresAt)
    }
}

extension ClientSnapshot {
    /// The client of an example: the browser of ``AuthSignals/SignalRequest/sample(id:client:ip:userAgent:)``.
    ///
    /// - Parameters:
    ///   - ip: the client's address.
    ///   - userAgent: cut to 512 bytes.
    public static func sample(
        ip: String? = "2001:db8::17",
        userAgent: String? = "Mozilla/5.0 (X11; Linux x86_64) \"Ünïcode\"/1.0"
    ) -> ClientSnapshot {
        ClientSnapshot(ip: ip, userAgent: userAgent)
    }
}

extension EmailAddressSnapshot {
    /// The address of an example: Jane Doe's primary, verified one.
    public static func sample(
        id: String = "0199f0b1-0000-7000-8000-000000000003", email: String? = "jane.doe@example.org",
        verified: Bool = true, primary: Bool = true
    ) -> EmailAddressSnapshot {
        EmailAddressSnapshot(id: id, email: email, verified: verified, primary: primary)
    }

    /// A former address of an example: neither verified nor primary.
    public static func formerSample(
        id: String = "0199f0b1-0000-7000-8000-000000000004", email: String? = "jane@example.com"
    ) -> EmailAddressSnapshot {
        EmailAddressSnapshot(id: id, email: email, verified: false, primary: false)
    }
}

extension ConfirmationSnapshot {
    /// The confirmation of an example: a link that is valid for three days.
    public static func sample(
        method: Method = .link, emailAddress: EmailAddressSnapshot = .sample()
    ) -> ConfirmationSnapshot {
        ConfirmationSnapshot(
            method: method, emailAddress: emailAddress, expiresAt: SignalSamples.time + 3 * 86_400)
    }
}

extension ProviderAddressSnapshot {
    /// The address of an example as a provider reported it.
    public static func sample(
        id: String? = "0199f0b1-0000-7000-8000-000000000003", email: String? = "jane.doe@example.org",
        verified: Bool = true, primary: Bool = true
    ) -> ProviderAddressSnapshot {
        ProviderAddressSnapshot(id: id, email: email, verified: verified, primary: primary)
    }
}

extension SocialLoginSnapshot {
    /// The log-in of an example at the provider `example`, by an existing user.
    ///
    /// - Parameters:
    ///   - provider: the id of the provider.
    ///   - uid: the user's id at the provider.
    ///   - process: what the user has started.
    ///   - isExisting: whether the account at the provider is connected already.
    ///   - accountID: the id of the stored account; nil if none is stored.
    ///   - emailAddresses: the addresses that the provider has reported.
    ///   - extraData: the provider's profile.
    ///   - token: a JWE in compact serialization; that of the example cannot be opened.
    public static func sample(
        provider: String = "example", uid: String = "10769150350006150715113082367",
        process: Process = .login, isExisting: Bool = true,
        accountID: String? = "0199f0b1-0000-7000-8000-000000000005",
        emailAddresses: [ProviderAddressSnapshot] = [.sample()], extraData: JSONValue? = .sampleProfile(),
        token: String? = "eyJhbGciOiJkaXIifQ..AAAA.BBBB.CCCC"
    ) -> SocialLoginSnapshot {
        SocialLoginSnapshot(
            provider: provider, uid: uid, process: process, isExisting: isExisting, accountID: accountID,
            emailAddresses: emailAddresses, extraData: extraData, token: token)
    }
}

extension SocialAccountSnapshot {
    /// The stored social account of an example, connected a day ago.
    ///
    /// - Parameters:
    ///   - id: the id of the stored account.
    ///   - provider: the id of the provider.
    ///   - uid: the user's id at the provider.
    ///   - extraData: the provider's profile.
    public static func sample(
        id: String = "0199f0b1-0000-7000-8000-000000000005", provider: String = "example",
        uid: String = "10769150350006150715113082367", extraData: JSONValue? = .sampleProfile()
    ) -> SocialAccountSnapshot {
        SocialAccountSnapshot(
            id: id, provider: provider, uid: uid, dateJoined: SignalSamples.time - 86_400,
            lastLogin: SignalSamples.time - 60, extraData: extraData)
    }
}

extension JSONValue {
    /// The profile of an example as a provider returned it, with values of every JSON type.
    public static func sampleProfile() -> JSONValue { SignalSamples.profile }
}
