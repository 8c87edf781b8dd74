// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import GRDB

/// How much of one person was erased.
public struct OutboxErasure: Hashable, Sendable, Codable {
    /// Signals that waited, and now are sent to nobody.
    public var pending: Int
    /// Signals whose copies were kept after the broker's answer.
    public var settled: Int
    /// Mails that waited or had been given up.
    public var mails: Int
    /// Mails that could not be opened, because their key is not set: they may be of that person, too.
    public var sealedMails: Int
}

extension SQLiteStore {
    /// Deletes what the outbox, its history and the mail queue hold of one person, and overwrites its bytes.
    ///
    /// What was delivered elsewhere is not reached, and a signal that is on its way to the broker at this
    /// moment may still arrive. Every number stays accounted for (``verifyOutbox()``). The account itself is
    /// left alone.
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
        // The write-ahead log holds the bytes still; readers may keep it from being cut, then it is cut later.
        try? await StoreError.naming {
            try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
        return erasure
    }

    /// A mail is sealed: whom it is for is seen when it is opened.
    ///
    /// - Returns: how many were deleted, and how many could not be opened.
    private func eraseMails(of subject: String) async throws -> (deleted: Int, sealed: Int) {
        let (found, sealed) = try await read { (reading: SQLiteReading) in
            let addresses = try reading.database.rows(
                "SELECT email_key FROM auth_email_address WHERE user_id = ?",
                [UUID(uuidString: subject) ?? UUID()]
            ).map { $0["email_key"] as String }
            var (found, sealed): ([UUID], Int) = ([], 0)
            for row in try reading.database.rows("SELECT id, draft FROM auth_mail", []) {
                let id: UUID = try row.decode(forColumn: "id")
                guard let plain = try? self.keys.open(row["draft"], for: .mail, context: id.wireText),
                    let draft = try? SignalCodec.decoder().decode(MailDraft.self, from: plain)
                else {
                    sealed += 1
                    continue
                }
                if addresses.contains(EmailAddress.key(of: draft.to)) || draft.onAccepted?.subject == subject
                {
                    found.append(id)
                }
            }
            return (found, sealed)
        }
        if found.isEmpty { return (0, sealed) }
        let deleted = try await write { [found] transaction in
            try transaction.overwriting { database in
                try found.reduce(0) { $0 + (try database.run("DELETE FROM auth_mail WHERE id = ?", [$1])) }
            }
        }
        return (deleted, sealed)
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

    /// What is deleted in the body is overwritten with zeros: SQLite otherwise leaves it in free pages.
    fileprivate func overwriting(_ body: (Database) throws -> Int) throws -> Int {
        try database.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? database.execute(sql: "PRAGMA secure_delete = OFF") }
        return try body(database)
    }
}
