// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthSignals
import AuthStore
import Foundation

// Times are stored as whole milliseconds since 1970, as in SQLite.

/// The columns of the tables, in the order in which rows are read and written.
enum Columns {
    static let user = [
        "id", "username", "is_active", "date_joined", "last_login", "password_hash", "language",
    ]
    static let address = ["id", "user_id", "email", "verified", "is_primary", "position"]
    static let session = [
        "id", "token_hash", "user_id", "client", "created_at", "expires_at", "last_seen_at", "ip",
        "user_agent",
        "state",
    ]
    static let socialAccount = [
        "id", "user_id", "provider", "uid", "date_joined", "last_login", "extra_data",
    ]

    /// The columns as a list for SQL.
    static func list(_ columns: [String], of table: String) -> String {
        columns.map { "\(table).\($0)" }.joined(separator: ", ")
    }
}

extension PostgresRow {
    func time(_ column: Int) throws -> Date { Date(milliseconds: try int(column)) }
    func optionalTime(_ column: Int) throws -> Date? {
        try optionalInt(column).map(Date.init(milliseconds:))
    }
}

extension PostgresValue {
    static func time(_ time: Date) -> PostgresValue { .int(time.milliseconds) }
    static func optional(_ time: Date?) -> PostgresValue { .optional(time?.milliseconds) }
}

extension Date {
    /// The time as it is read back.
    var stored: Date { Date(milliseconds: milliseconds) }
}

extension User {
    /// - Parameter start: the position of the first column of ``Columns/user``.
    init(_ row: PostgresRow, from start: Int = 0) throws {
        self.init(
            id: try row.uuid(start), username: try row.optionalText(start + 1),
            isActive: try row.bool(start + 2), dateJoined: try row.time(start + 3),
            lastLogin: try row.optionalTime(start + 4),
            passwordHash: try row.optionalText(start + 5).map(PasswordHash.init(stored:)),
            // A language that only another version knows is none.
            language: try row.optionalText(start + 6).flatMap(Language.init(code:)))
    }

    /// The parameters of ``PostgresStatement/insertUser`` and ``PostgresStatement/updateUser``.
    var values: [PostgresValue] {
        [
            .uuid(id), .optional(username), .optional(username.map(Username.key(of:))), .bool(isActive),
            .time(dateJoined), .optional(lastLogin), .optional(passwordHash?.exposedText),
            .optional(language?.code),
        ]
    }

    /// The user as it is read back.
    var stored: User {
        var user = self
        user.dateJoined = dateJoined.stored
        user.lastLogin = lastLogin?.stored
        return user
    }
}

extension EmailAddress {
    /// - Parameter start: the position of the first column of ``Columns/address``.
    init(_ row: PostgresRow, from start: Int = 0) throws {
        self.init(
            id: try row.uuid(start), userID: try row.uuid(start + 1), email: try row.text(start + 2),
            verified: try row.bool(start + 3), primary: try row.bool(start + 4))
    }

    var key: String { EmailAddress.key(of: email) }

    var values: [PostgresValue] {
        [.uuid(id), .uuid(userID), .text(email), .text(key), .bool(verified), .bool(primary)]
    }
}

extension SocialAccount {
    init(_ row: PostgresRow) throws {
        self.init(
            id: try row.uuid(0), userID: try row.uuid(1), provider: try row.text(2), uid: try row.text(3),
            dateJoined: try row.time(4), lastLogin: try row.optionalTime(5),
            extraData: try JSONValue.reading(try row.bytes(6)))
    }

    func values() throws -> [PostgresValue] {
        [
            .uuid(id), .uuid(userID), .text(provider), .text(uid), .time(dateJoined), .optional(lastLogin),
            .bytes(try extraData.written()),
        ]
    }
}

extension Session {
    /// - Parameter start: the position of the first column of ``Columns/session``.
    init(_ row: PostgresRow, from start: Int = 0, opening states: SealedSessionState) throws {
        let id = try row.uuid(start)
        self.init(
            id: id, tokenHash: try row.bytes(start + 1), userID: try row.optionalUUID(start + 2),
            client: .init(rawValue: try row.text(start + 3)), createdAt: try row.time(start + 4),
            expiresAt: try row.time(start + 5), lastSeenAt: try row.time(start + 6),
            ip: try row.optionalText(start + 7), userAgent: try row.optionalText(start + 8),
            state: try states.open(try row.bytes(start + 9), of: id))
    }

    func values(sealing states: SealedSessionState) throws -> [PostgresValue] {
        [
            .uuid(id), .bytes(tokenHash), .optional(userID), .text(client.rawValue.storable),
            .time(createdAt),
            .time(expiresAt), .time(lastSeenAt), .optional(ip?.storable), .optional(userAgent?.storable),
            .bytes(try states.seal(state, of: id)),
        ]
    }

    /// The session as it is read back.
    var stored: Session {
        var session = self
        session.createdAt = createdAt.stored
        session.expiresAt = expiresAt.stored
        session.lastSeenAt = lastSeenAt.stored
        session.ip = ip?.storable
        session.userAgent = userAgent?.storable
        return session
    }
}
