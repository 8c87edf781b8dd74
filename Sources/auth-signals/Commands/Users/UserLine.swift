// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation

/// The output for an account: the members of `data.user` and whether the user has a password.
struct UserLine: Encodable {
    var id: String
    /// The primary address.
    var email: String?
    var username: String?
    var isActive: Bool
    var dateJoined: String
    var lastLogin: String?
    var hasPassword: Bool

    init(_ record: UserRecord) {
        let user = record.snapshot
        id = user.id
        email = user.email
        username = user.username
        isActive = user.isActive
        dateJoined = user.dateJoined.wireText
        lastLogin = user.lastLogin?.wireText
        hasPassword = record.user.passwordHash != nil
    }

    private enum CodingKeys: String, CodingKey {
        case id, email, username, isActive = "is_active", dateJoined = "date_joined"
        case lastLogin = "last_login", hasPassword = "has_password"
    }
}

extension Encodable {
    /// The value as JSON members, without personal data unless `full`.
    func outputValue(full: Bool) throws -> JSONValue {
        let value = try JSONValue.reading(SignalCodec.encoder().encode(self))
        return full ? value : Redaction.catalog.redact(value)
    }
}
