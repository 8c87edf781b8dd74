// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The request that caused a signal: `data.request`.
public struct RequestContext: Hashable, Sendable {
    /// Where a call came from; open: accept values you do not know.
    public struct Client: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        /// A native client that holds its session token itself.
        public static let app = Client(rawValue: "app")
        /// A browser with a session cookie.
        public static let browser = Client(rawValue: "browser")
        /// A call of the library, or a job.
        public static let library = Client(rawValue: "library")
    }

    /// Made by the server, never taken from a client; all signals of one request share it.
    public var id: UUID
    public var client: Client
    /// The payload profile the signal was written in; set by the codec.
    public var profile: PayloadProfile?
    /// The client's address. Personal: absent in the `thin` profile.
    public var ip: String?
    /// The client's `User-Agent`, cut to 512 bytes. Personal: absent in the `thin` profile.
    public var userAgent: String?

    /// - Parameters:
    ///   - userAgent: cut to 512 bytes on a UTF-8 boundary.
    public init(
        id: UUID = .version7(), client: Client = .library, ip: String? = nil, userAgent: String? = nil
    ) {
        self.id = id
        self.client = client
        self.ip = ip
        self.userAgent = userAgent?.cut(toUTF8Bytes: 512)
    }
}

extension RequestContext: Codable {
    private enum CodingKeys: String, CodingKey { case id, client, profile, ip, userAgent = "user_agent" }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let profile = encoder.payloadProfile
        try container.encode(id.wireText, forKey: .id)
        try container.encode(client, forKey: .client)
        try container.encode(profile, forKey: .profile)
        guard profile.carriesPersonalData else { return }
        try container.encodeIfPresent(ip, forKey: .ip)
        try container.encodeIfPresent(userAgent?.cut(toUTF8Bytes: 512), forKey: .userAgent)
    }
}

extension RequestContext.Client: OpenEnumeration {
    public static let knownValues: [RequestContext.Client] = [.app, .browser, .library]
}
