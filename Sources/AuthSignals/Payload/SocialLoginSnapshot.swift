// SPDX-License-Identifier: Apache-2.0

/// What a provider said of somebody, and what is known of it here: `data.sociallogin`.
public struct SocialLoginSnapshot: Hashable, Sendable {
    /// What the visit to the provider was for; open: accept values you do not know.
    public struct Process: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let login = Process(rawValue: "login")
        public static let connect = Process(rawValue: "connect")
        /// The provider was only asked anew; nobody logs in and nothing is connected.
        public static let redirect = Process(rawValue: "redirect")
    }

    public var provider: String
    /// The person's id at the provider.
    public var uid: String
    public var process: Process
    /// Whether it leads to a user who exists.
    public var isExisting: Bool
    /// The stored social account's id, where there is one.
    public var accountID: String?
    public var emailAddresses: [ProviderAddressSnapshot]
    /// The provider's profile. Personal: absent in the `thin` profile.
    public var extraData: JSONValue?
    /// A JWE in compact form, where `SIGNALS_TOKEN_KEYS` is set.
    public var token: String?
    /// The provider's token on its way to ``token``, on the emitting side only: the codec seals it for the
    /// event that it is part of, and never writes it as it is.
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

    /// A member of what is sealed as a whole before it is stored; no message has it.
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

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(provider, forKey: .provider)
        try container.encode(uid, forKey: .uid)
        try container.encode(process, forKey: .process)
        try container.encode(isExisting, forKey: .isExisting)
        try container.encodeIfPresent(accountID, forKey: .accountID)
        try container.encode(emailAddresses, forKey: .emailAddresses)
        try container.encodeIfPresent(try wireToken(encoder), forKey: .token)
        guard encoder.payloadProfile.carriesPersonalData else { return }
        try container.encodeIfPresent(extraData, forKey: .extraData)
    }

    /// What stands as `token`.
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
