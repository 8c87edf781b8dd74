// SPDX-License-Identifier: Apache-2.0

/// The result of an authentication at a provider, and the account it belongs to here: `data.sociallogin`.
public struct SocialLoginSnapshot: Hashable, Sendable {
    /// The purpose of the redirect to the provider; open: accept unknown values.
    public struct Process: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let login = Process(rawValue: "login")
        public static let connect = Process(rawValue: "connect")
        /// Only the provider's data was requested again; no log-in takes place and no account is connected.
        public static let redirect = Process(rawValue: "redirect")
    }

    public var provider: String
    /// The user's id at the provider.
    public var uid: String
    public var process: Process
    /// Whether it belongs to an existing user.
    public var isExisting: Bool
    /// The id of the stored social account, if one exists.
    public var accountID: String?
    public var emailAddresses: [ProviderAddressSnapshot]
    /// The provider's profile. Personal: absent in the `thin` profile.
    @Personal public var extraData: JSONValue?
    /// A JWE in compact serialization, if `SIGNALS_TOKEN_KEYS` is set.
    public var token: String?
    /// The provider's token in the clear, on the emitting side only: the codec seals it for its event as ``token``, and
    /// never writes it unsealed.
    public var unsealedToken: SocialToken?

    public init(
        provider: String, uid: String, process: Process, isExisting: Bool, accountID: String? = nil,
        emailAddresses: [ProviderAddressSnapshot] = [], extraData: JSONValue? = nil, token: String? = nil
    ) {
        self.provider = provider
        self.uid = uid
        self.process = process
        self.isExisting = isExisting
        self.accountID = accountID
        self.emailAddresses = emailAddresses
        self.extraData = extraData
        self.token = token
    }
}

extension SocialLoginSnapshot: Codable {
    private enum CodingKeys: String, CodingKey {
        case provider, uid, process, token
        case isExisting = "is_existing", accountID = "account_id", emailAddresses = "email_addresses"
        case extraData = "extra_data"
    }

    /// A member of data that is sealed as a whole before it is stored; it is never in a message.
    private enum SealedKeys: String, CodingKey { case unsealedToken = "unsealed_token" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        provider = try container.decode(String.self, forKey: .provider)
        uid = try container.decode(String.self, forKey: .uid)
        process = try container.decode(Process.self, forKey: .process)
        isExisting = try container.decode(Bool.self, forKey: .isExisting)
        accountID = try container.decodeIfPresent(String.self, forKey: .accountID)
        emailAddresses =
            try container.decodeIfPresent([ProviderAddressSnapshot].self, forKey: .emailAddresses) ?? []
        extraData = try container.decodeIfPresent(JSONValue.self, forKey: .extraData)
        token = try container.decodeIfPresent(String.self, forKey: .token)
        guard case .keep? = decoder.userInfo[.tokenTreatment] as? TokenTreatment else { return }
        unsealedToken = try decoder.container(keyedBy: SealedKeys.self)
            .decodeIfPresent(SocialToken.Members.self, forKey: .unsealedToken)?.token
    }

    /// Written by hand, since `token` is sealed while it is encoded.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(provider, forKey: .provider)
        try container.encode(uid, forKey: .uid)
        try container.encode(process, forKey: .process)
        try container.encode(isExisting, forKey: .isExisting)
        try container.encodeIfPresent(accountID, forKey: .accountID)
        try container.encode(emailAddresses, forKey: .emailAddresses)
        try container.encodeIfPresent(try wireToken(encoder), forKey: .token)
        try container.encode(_extraData, forKey: .extraData)
    }

    /// The value of `token`.
    private func wireToken(_ encoder: any Encoder) throws -> String? {
        guard let unsealedToken else { return token }
        switch encoder.userInfo[.tokenTreatment] as? TokenTreatment {
        case .seal(let sealer, let event)?: return try sealer.seal(unsealedToken, for: event)
        case .keep?:
            var sealed = encoder.container(keyedBy: SealedKeys.self)
            try sealed.encode(
                SocialToken.Members(unsealedToken, includingRefreshToken: true), forKey: .unsealedToken)
            return token
        case nil: return token
        }
    }
}

extension SocialLoginSnapshot.Process: OpenEnumeration {
    public static let knownValues: [SocialLoginSnapshot.Process] = [.login, .connect, .redirect]
}
