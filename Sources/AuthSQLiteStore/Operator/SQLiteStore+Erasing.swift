// SPDX-License-Identifier: Apache-2.0
public import AuthStore
import AuthFlows
import AuthSignals
import Foundation
import GRDB

extension SQLiteStore {
    /// Deletes the rows of the outbox, its history and the mail queue about one person, and overwrites their bytes.
    ///
    /// Signals that were already delivered are not affected, and a signal in flight to the broker may still arrive.
    /// Every sequence number stays accounted for (``verifyOutbox()``). The account itself is not changed.
    ///
    /// - Parameter subject: the user's id.
    public func erase(subject: String) async throws -> OutboxErasure {
        let subject = subject.asSubject
        let (mails, sealedMails) = try await eraseMails(of: subject)
        var erasure = OutboxErasure(pending: 0, settled: 0, mails: mails, sealedMails: sealedMails)
        for state in OutboxRecord.State.allCases {
            let count = try await inBatches(OutboxFilter([state], subject: subject), state) {
                try $0.erase($1, from: state)
            }
            if state == .pending { erasure.pending += count } else { erasure.settled += count }
        }
        // The write-ahead log still contains the bytes. Readers may prevent its truncation; then it is truncated later.
        try? await StoreError.convertingDatabaseErrors {
            try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
        return erasure
    }

    /// From now on, rows that this store deletes are overwritten, so that their bytes do not stay in free pages of the
    /// file; until ``erase(subject:)`` has returned.
    public func overwriteDeletedRows() async throws {
        try await StoreError.convertingDatabaseErrors {
            try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA secure_delete = ON") }
        }
    }

    /// The number of queued mails that cannot be decrypted, so that their recipients are unknown.
    public func undecryptableMailCount() async throws -> Int {
        try await read { (reading: SQLiteReading) in try reading.mails(to: "").sealed }
    }

    /// Deletes the mails about one account.
    ///
    /// - Returns: how many were deleted, and how many could not be decrypted.
    private func eraseMails(of subject: String) async throws -> (deleted: Int, sealed: Int) {
        let (found, sealed) = try await read { (reading: SQLiteReading) in try reading.mails(to: subject) }
        if found.isEmpty { return (0, sealed) }
        let deleted = try await write { [found] transaction in
            try transaction.overwriting { database in
                try found.reduce(0) { $0 + (try database.run("DELETE FROM auth_mail WHERE id = ?", [$1])) }
            }
        }
        return (deleted, sealed)
    }
}

extension SQLiteReading {
    /// The pending and failed mails about one account. A mail is encrypted: whom it is about is known only after
    /// decryption. One that names no account is found by its recipient, unless another user has verified that address.
    ///
    /// - Parameter subject: the user's id in lower case.
    /// - Returns: their ids, and how many mails could not be decrypted.
    func mails(to subject: String) throws -> (found: [UUID], sealed: Int) {
        let addresses = try database.rows(
            """
            SELECT email_key FROM auth_email_address AS mine WHERE user_id = ? AND NOT EXISTS (
                SELECT 1 FROM auth_email_address AS other
                WHERE other.email_key = mine.email_key AND other.verified AND other.user_id <> mine.user_id)
            """, [UUID(uuidString: subject) ?? UUID()]
        ).map { $0["email_key"] as String }
        var (found, sealed): ([UUID], Int) = ([], 0)
        for row in try database.rows("SELECT id, draft FROM auth_mail", []) {
            let id: UUID = try row.decode(forColumn: "id")
            guard let plain = try? keys.open(row["draft"], for: .mail, context: id.wireText),
                let draft = try? SignalCodec.decoder().decode(MailDraft.self, from: plain)
            else {
                sealed += 1
                continue
            }
            let owner = draft.subject ?? draft.onAccepted?.subject
            if owner.map({ $0.hasSameBytes(as: subject) })
                ?? addresses.contains(EmailAddress.key(of: draft.to))
            {
                found.append(id)
            }
        }
        return (found, sealed)
    }
}

extension SQLiteTransaction {
    fileprivate func erase(_ sequences: [Int64], from state: OutboxRecord.State) throws -> Int {
        try overwriting { database in
            if state != .pending { return try purge(sequences, from: state.table) }
            var change = OutboxCount()
            for sequence in sequences {
                change.erased += try database.run("DELETE FROM auth_outbox WHERE sequence = ?", [sequence])
            }
            try change.add(to: database)
            return change.erased
        }
    }

    /// Overwrites rows that `body` deletes with zeros: otherwise SQLite leaves their bytes in free pages.
    fileprivate func overwriting(_ body: (Database) throws -> Int) throws -> Int {
        try database.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? database.execute(sql: "PRAGMA secure_delete = OFF") }
        return try body(database)
    }
}
