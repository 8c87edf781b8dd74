// SPDX-License-Identifier: Apache-2.0
public import AuthStore
import AuthFlows
import Foundation
import GRDB

extension SQLiteStore {
    /// The addresses that several rows have had since a migration found them to be the same.
    public func duplicateEmails() async throws -> [DuplicateEmail] {
        try await read { (reading: SQLiteReading) in
            let rows = try reading.database.rows(
                """
                SELECT email_key, user_id FROM auth_email_address WHERE email_key IN
                    (SELECT email_key FROM auth_email_address WHERE is_duplicate)
                ORDER BY email_key, is_duplicate, position
                """)
            return rows.reduce(into: [(key: String, users: [User.ID])]()) { groups, row in
                let (key, user): (String, User.ID) = (row["email_key"], row["user_id"])
                if let last = groups.last, last.key.utf8.elementsEqual(key.utf8) {
                    groups[groups.count - 1].users.append(user)
                } else {
                    groups.append((key, [user]))
                }
            }.filter { $0.users.count > 1 }.map { DuplicateEmail(users: $0.users) }
        }
    }
}

/// The migration to ``EmailAddress/key(of:)`` and the current ``Username/key(of:)``.
enum NameKeys {
    @Sendable static func migrate(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE auth_email_address ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
                ALTER TABLE auth_email_address ADD COLUMN is_duplicate INTEGER NOT NULL DEFAULT 0;
                UPDATE auth_email_address SET email_key = email;
                DROP INDEX auth_email_address_email;
                DROP INDEX auth_email_address_verified;
                CREATE INDEX auth_email_address_key ON auth_email_address (email_key);
                CREATE INDEX auth_email_address_duplicate ON auth_email_address (email_key)
                    WHERE is_duplicate;
                """)
        try migrateEmails(database)
        try markDuplicates(database)
        // The unique indexes exclude duplicates, so that these can stay. A later row conflicts with the first one.
        try database.execute(
            sql: """
                CREATE UNIQUE INDEX auth_email_address_verified ON auth_email_address (email_key)
                    WHERE verified AND NOT is_duplicate;
                CREATE UNIQUE INDEX auth_email_address_of_user ON auth_email_address (user_id, email_key)
                    WHERE NOT is_duplicate;
                """)
        try migrateUsernames(database)
    }

    /// Sets the keys that differ from the address: of domains outside ASCII, and of domains written in A-labels.
    private static func migrateEmails(_ database: Database) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT position, email FROM auth_email_address
                WHERE email GLOB '*[^ -~]*' OR email LIKE '%xn--%' ORDER BY position
                """)
        for row in rows {
            let (position, email): (Int64, String) = (row["position"], row["email"])
            try database.execute(
                sql: "UPDATE auth_email_address SET email_key = ? WHERE position = ?",
                arguments: [EmailAddress.key(of: email), position])
            // If a user already has both forms, both rows stay unchanged.
            try database.execute(
                sql: "UPDATE OR IGNORE auth_email_address SET email = ? WHERE position = ?",
                arguments: [EmailAddress.normalized(email), position])
        }
    }

    /// Marks all but the first of several equal addresses of one user, and of several equal verified addresses.
    private static func markDuplicates(_ database: Database) throws {
        try database.execute(
            sql: """
                UPDATE auth_email_address AS this SET is_duplicate = 1 WHERE EXISTS (
                    SELECT 1 FROM auth_email_address AS other
                    WHERE other.email_key = this.email_key AND other.user_id = this.user_id
                        AND (other.verified, -other.position) > (this.verified, -this.position)
                ) OR (verified AND EXISTS (
                    SELECT 1 FROM auth_email_address AS other
                    WHERE other.email_key = this.email_key AND other.verified
                        AND other.position < this.position
                ))
                """)
    }

    private static func migrateUsernames(_ database: Database) throws {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT position, username FROM auth_user WHERE username GLOB '*[^ -~]*' ORDER BY position")
        for row in rows {
            let (position, username): (Int64, String) = (row["position"], row["username"])
            // If two users would get the same key, the later one keeps their former key.
            try database.execute(
                sql: "UPDATE OR IGNORE auth_user SET username_key = ? WHERE position = ?",
                arguments: [Username.key(of: username), position])
        }
    }
}
