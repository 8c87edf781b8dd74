// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Crypto
import Foundation

/// A user whom a mail to one of their addresses may let in.
struct AddressOwner: Sendable {
    var user: User
    var address: EmailAddress
}

extension AccountReading {
    /// The rows of an address by which its reader may come into an account: by a code, a reset, or a provider
    /// that vouches for the address.
    ///
    /// If a user has proved the address, only theirs. An address that was not proved leads only to an account
    /// without another way in: another address that was proved, or an account at a provider. Whoever made
    /// such an account would come back by it into what its address's owner has taken for theirs; and if
    /// the account is honestly its maker's, and the address a slip, the account stays its maker's. Of several
    /// addresses that were not proved the primary one leads; the others are pending changes.
    func addressesLeadingIn(by email: String) throws -> [EmailAddress] {
        let all = try emailAddresses(matching: email)
        let verified = all.filter(\.verified)
        if !verified.isEmpty { return verified }
        return try all.filter(isOnlyWayIn)
    }

    /// Whether the reader of this stored address may come into its account by it.
    func leadsIn(_ address: EmailAddress) throws -> Bool {
        if address.verified { return true }
        if try emailAddresses(matching: address.email).contains(where: \.verified) { return false }
        return try isOnlyWayIn(address)
    }

    /// Whether an address that was not proved is at an account that has no other way in.
    private func isOnlyWayIn(_ address: EmailAddress) throws -> Bool {
        let all = try emailAddresses(of: address.userID)
        guard !all.contains(where: \.verified), address.primary || all.count == 1 else { return false }
        return try socialAccounts(of: address.userID).isEmpty
    }

    /// The active users whom a mail to an address may let in, the one who logged in last first.
    func owners(of email: String) throws -> [AddressOwner] {
        try addressesLeadingIn(by: email)
            .compactMap { address in
                try user(id: address.userID).map { AddressOwner(user: $0, address: address) }
            }
            .filter(\.user.isActive)
            .sorted { ($0.user.lastLogin ?? .distantPast) > ($1.user.lastLogin ?? .distantPast) }
    }
}

extension Step {
    /// Drops the addresses of a user that were not proved: changes that are pending, whose links and codes
    /// become void (`email_removed` for each). With them the reader of such a mail would have a way into an
    /// account whose password was just changed because of them.
    ///
    /// If none is proved, the primary one stays, or the newest if the user could not log in otherwise; that
    /// one gets a new row, so that its links are void.
    ///
    /// - Parameter proved: becomes primary if the primary address was not proved.
    func dropPendingAddresses(of user: User, proved: String? = nil) throws {
        let all = try transaction.emailAddresses(of: user.id)
        let pending = all.filter { !$0.verified }
        guard !pending.isEmpty else { return }
        let former = all.first(where: \.primary)
        if var new = all.first(where: { $0.verified && $0.isNamed(proved) }) ?? all.first(where: \.verified) {
            if var former, !former.verified {
                former.primary = false
                try transaction.update(former)
                new.primary = true
                try transaction.update(new)
                try transaction.emit(
                    EmailChanged(
                        request: request, user: snapshot(of: user), fromEmailAddress: former.snapshot,
                        toEmailAddress: new.snapshot))
            }
            for var address in pending {
                address.primary = false
                try remove(address, of: user)
            }
            return
        }
        let needsAddress = user.username == nil || !settings.loginMethods.contains(.username)
        let kept = former ?? (needsAddress ? pending.last : nil)
        for address in pending where address.id != kept?.id { try remove(address, of: user) }
        if former == nil, var kept {
            try transaction.delete(kept)
            kept.id = .version7(at: now)
            try transaction.insert(kept)
        }
    }

    /// Takes an account from whoever made it under an address that they have not proved, for the one who has
    /// just proved that it is theirs: the password is void, other sessions end, pending addresses are dropped.
    ///
    /// Source: allauth `socialaccount/internal/flows/email_authentication.py:wipe_password`, for a log-in by
    /// a provider; here a log-in by code does the same.
    ///
    /// - Returns: whether there was a password.
    func shutOutMaker(of user: inout User, proved email: String, keeping session: Session.ID?) throws -> Bool
    {
        let hadPassword = user.passwordHash != nil
        if hadPassword {
            user.passwordHash = nil
            try transaction.update(user)
        }
        _ = try transaction.deleteSessions(of: user.id, except: session)
        try dropPendingAddresses(of: user, proved: email)
        return hadPassword
    }
}

extension User {
    /// Stands for the user and their password as it is now: a session remembers by it which password was set
    /// or proved in it.
    var passwordMark: Data {
        let text = id.wireText + " " + (passwordHash?.exposedText ?? "")
        return Data(SHA256.hash(data: Data(text.utf8)).prefix(16))
    }
}
