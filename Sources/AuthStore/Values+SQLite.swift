// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import GRDB

// Ids are stored as 16 bytes, which is GRDB's own form of a UUID; times as whole milliseconds since 1970.

extension Date {
    /// As times are stored.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}

extension String {
    /// As the words of a failure are stored: at most 1 KiB.
    var reason: String { cut(toUTF8Bytes: 1024) }

    /// The form in which a username is compared: without regard to case, and to how it was composed.
    var usernameKey: String { precomposedStringWithCompatibilityMapping.lowercased() }
}

extension User {
    init(row: Row) {
        self.init(
            id: row["id"], username: row["username"], isActive: row["is_active"],
            dateJoined: Date(milliseconds: row["date_joined"]),
            lastLogin: (row["last_login"] as Int64?).map(Date.init(milliseconds:)),
            passwordHash: (row["password_hash"] as String?).map(PasswordHash.init(stored:)))
    }

    var row: StoredRow {
        StoredRow(
            table: "auth_user", id: id,
            columns: [
                "username": username, "username_key": username?.usernameKey, "is_active": isActive,
                "date_joined": dateJoined.milliseconds, "last_login": lastLogin?.milliseconds,
                "password_hash": passwordHash?.exposedText,
            ])
    }
}

extension EmailAddress {
    init(row: Row) {
        self.init(
            id: row["id"], userID: row["user_id"], email: row["email"], verified: row["verified"],
            primary: row["is_primary"])
    }

    var row: StoredRow {
        StoredRow(
            table: "auth_email_address", id: id,
            columns: ["user_id": userID, "email": email, "verified": verified, "is_primary": primary])
    }
}

extension SocialAccount {
    init(row: Row) throws {
        self.init(
            id: row["id"], userID: row["user_id"], provider: row["provider"], uid: row["uid"],
            dateJoined: Date(milliseconds: row["date_joined"]),
            lastLogin: (row["last_login"] as Int64?).map(Date.init(milliseconds:)),
            extraData: try SignalCodec.decoder().decode(JSONValue.self, from: row["extra_data"] as Data))
    }

    func row() throws -> StoredRow {
        StoredRow(
            table: "auth_social_account", id: id,
            columns: [
                "user_id": userID, "provider": provider, "uid": uid,
                "date_joined": dateJoined.milliseconds, "last_login": lastLogin?.milliseconds,
                "extra_data": try SignalCodec.encoder().encode(extraData),
            ])
    }
}

extension OutboxRow {
    /// - Parameter row: begins with the ``OutboxColumns/kept``, which are read by their places: the relay reads
    ///   many, and to look names up takes longer than to read.
    init(row: Row) throws {
        let trace: [String: String] =
            try (row[8] as Data?).map {
                try SignalCodec.decoder().decode([String: String].self, from: $0)
            } ?? [:]
        self.init(
            sequence: row[0],
            draft: SignalDraft(
                id: row[1], name: try SignalName(validating: row[2]), schemaVersion: row[3], subject: row[4],
                time: Date(milliseconds: row[5]), correlationID: row[6], trace: trace, data: row[9]),
            attempts: row[7])
    }
}
