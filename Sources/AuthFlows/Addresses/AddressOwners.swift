// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Crypto
import Foundation

/// A user who may log in by a mail to one of their addresses.
struct AddressOwner: Sendable {
    var user: User
    var address: EmailAddress
}

extension AccountReading {
    /// The rows of an address that give its reader access to an account: by a code, a reset, or a provider that
    /// vouches for the address.
    ///
    /// If a user has verified the address, only their row does. An unverified address gives access only to an account
    /// that has no other access: no verified address and no account at a provider. Otherwise the creator of the account
    /// could use that other access to get back into an account that the owner of the address has taken for their own.
    /// If the account really belongs to its creator, who has mistyped the address, the account stays theirs. Of several
    /// unverified addresses only the primary one gives access; the others are pending changes.
    func addressesLeadingIn(by email: String) throws -> [EmailAddress] {
        let all = try emailAddresses(matching: email)
        let verified = all.filter(\.verified)
        if !verified.isEmpty { return verified }
        return try all.filter(isOnlyWayIn)
    }

    /// Whether this stored address gives its reader access to its account.
    func leadsIn(_ address: EmailAddress) throws -> Bool {
        if address.verified { return true }
        if try emailAddresses(matching: address.email).contains(where: \.verified) { return false }
        return try isOnlyWayIn(address)
    }

    /// Whether the account of an unverified address has no other access.
    private func isOnlyWayIn(_ address: EmailAddress) throws -> Bool {
        let all = try emailAddresses(of: address.userID)
        guard !all.contains(where: \.verified), address.primary || all.count == 1 else { return false }
        return try socialAccounts(of: address.userID).isEmpty
    }

    /// The active users who may log in by a mail to an address, the most recently logged-in first.
    func owners(of email: String) throws -> [AddressOwner] {
        try addressesLeadingIn(by: email)
            .compactMap { address in
                try user(id: address.userID).map { AddressOwner(user: $0, address: address) }
            }
            .filter(\.user.isActive)
            .sorted { ($0.user.lastLogin ?? .distantPast) > ($1.user.lastLogin ?? .distantPast) }
    }
}

extension FlowTransaction {
    /// Deletes the unverified addresses of a user, which are pending changes, and emits `email_removed` for each.
    /// Their links and codes become void. Otherwise an attacker who has added such an address would keep access to an
    /// account whose password was changed to lock the attacker out.
    ///
    /// If no address is verified, the primary one stays, or the newest one if the user could not log in without it.
    /// That newest one gets a new row, so that its links are void.
    ///
    /// - Parameter proved: the address that becomes primary if the primary one is unverified.
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

    /// Removes the access of an account's creator, who never verified its address, when the owner of the address has
    /// just proved it: voids the password, ends other sessions (`session_ended`) and deletes pending addresses.
    ///
    /// Source: allauth `socialaccount/internal/flows/email_authentication.py:wipe_password`, for a log-in by
    /// a provider; here a log-in by code does the same.
    ///
    /// - Returns: whether the account had a password.
    func shutOutMaker(of user: inout User, proved email: String, keeping session: Session.ID?) throws -> Bool
    {
        let hadPassword = user.passwordHash != nil
        if hadPassword {
            user.passwordHash = nil
            try transaction.update(user)
        }
        _ = try endSessions(of: user, except: session, because: .addressProved)
        try dropPendingAddresses(of: user, proved: email)
        return hadPassword
    }
}

extension User {
    /// A hash that identifies the user and their current password. A session keeps it to remember which password was
    /// set or proved in it.
    var passwordMark: Data {
        let text = id.wireText + " " + (passwordHash?.exposedText ?? "")
        return Data(SHA256.hash(data: Data(text.utf8)).prefix(16))
    }
}
