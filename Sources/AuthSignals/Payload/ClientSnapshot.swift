// SPDX-License-Identifier: Apache-2.0

/// The client of a session as the server saw it.
public struct ClientSnapshot: Hashable, Sendable {
    /// The client's address. Personal: absent in the `thin` profile.
    @Personal public var ip: String?
    /// The client's `User-Agent`, cut to 512 bytes. Personal: absent in the `thin` profile.
    @Personal public var userAgent: String?

    /// - Parameters:
    ///   - ip: the client's address.
    ///   - userAgent: cut to 512 bytes on a UTF-8 boundary.
    public init(ip: String?, userAgent: String?) {
        self.ip = ip
        self.userAgent = userAgent?.cut(toUTF8Bytes: 512)
    }
}

extension ClientSnapshot: Codable {
    private enum CodingKeys: String, CodingKey { case ip, userAgent = "user_agent" }
}
