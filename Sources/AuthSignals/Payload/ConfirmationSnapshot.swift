// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A confirmation that was mailed: its method, address and expiry; never its key or code.
public struct ConfirmationSnapshot: Hashable, Sendable, Codable {
    /// How the address is confirmed; open: accept unknown values.
    public struct Method: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let link = Method(rawValue: "link")
        public static let code = Method(rawValue: "code")
    }

    public var method: Method
    public var emailAddress: EmailAddressSnapshot
    public var expiresAt: Date

    public init(method: Method, emailAddress: EmailAddressSnapshot, expiresAt: Date) {
        self.method = method
        self.emailAddress = emailAddress
        self.expiresAt = expiresAt
    }

    private enum CodingKeys: String, CodingKey {
        case method, emailAddress = "email_address", expiresAt = "expires_at"
    }
}

extension ConfirmationSnapshot.Method: OpenEnumeration {
    public static let knownValues: [ConfirmationSnapshot.Method] = [.link, .code]
}
