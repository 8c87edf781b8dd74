// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthFlows
import GRDB

/// Determines which constraint a write would violate. It queries the rows instead of parsing SQLite's message, so that
/// the result is always the same if a write violates several constraints.
extension SQLiteTransaction {
    func conflicts(of user: User, _ write: () throws -> Void) throws {
        do {
            try write()
        } catch let error as DatabaseError where error.isUnique {
            guard let key = user.username.map(Username.key(of:)),
                try exists("auth_user WHERE username_key = ? AND id <> ?", [key, user.id])
            else { throw StoreError(error) }
            throw StoreConflict.username
        }
    }

    func conflicts(of address: EmailAddress, _ write: () throws -> Void) throws {
        do {
            try write()
        } catch let error as DatabaseError where error.isUnique {
            throw try conflict(of: address) ?? StoreError(error)
        }
    }

    func conflicts(of account: SocialAccount, _ write: () throws -> Void) throws {
        do {
            try write()
        } catch let error as DatabaseError where error.isUnique {
            let others = "auth_social_account WHERE id <> ? AND provider = ? AND uid = ?"
            guard try exists(others, [account.id, account.provider, account.uid]) else {
                throw StoreError(error)
            }
            throw StoreConflict.socialAccount
        }
    }

    private func conflict(of address: EmailAddress) throws -> (any Error)? {
        let others = "auth_email_address WHERE id <> ?"
        let (id, user, key) = (address.id, address.userID, EmailAddress.key(of: address.email))
        if try exists("\(others) AND user_id = ? AND email_key = ?", [id, user, key]) {
            return StoreConflict.duplicateEmail
        }
        if try address.verified && exists("\(others) AND email_key = ? AND verified", [id, key]) {
            return StoreConflict.verifiedEmail
        }
        if try address.primary && exists("\(others) AND user_id = ? AND is_primary", [id, user]) {
            return StoreConflict.primaryEmail
        }
        return nil
    }

    private func exists(_ what: String, _ arguments: StatementArguments) throws -> Bool {
        try database.value("SELECT EXISTS (SELECT 1 FROM \(what))", arguments) ?? false
    }
}

extension DatabaseError {
    fileprivate var isUnique: Bool {
        extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE || extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY
    }
}
