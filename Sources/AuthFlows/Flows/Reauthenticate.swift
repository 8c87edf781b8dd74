// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// Reauthenticates the caller by password: `authentication_step_completed` with `reauthenticated`.
    ///
    /// The client then repeats the call that returned ``FlowResult/reauthenticationRequired(_:)``; the server does not
    /// resume it.
    ///
    /// - Throws: ``PasswordHasherError`` if the hashing queue is full; the store's errors.
    public func reauthenticate(_ password: Password?, _ context: FlowContext) async throws
        -> FlowResult<Authentication>
    {
        let user: User
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user(let authentication): user = authentication.user
        }
        if let seconds = try await secondsUntilAllowed(.reauthenticate, context, user: user.id) {
            return .rateLimited(retryAfter: seconds)
        }
        let password = password ?? Password("")
        if password.exposedText.isEmpty { return .refused(.required(field: "password")) }
        let wrong = Refusal(.incorrectPassword, field: "password", .incorrectPassword)
        guard password.exposedText.utf8.count <= Password.longest,
            case .right(let outdated) = try await passwords.verify(password, user.passwordHash)
        else { return .refused(wrong) }
        let newHash = outdated ? try? await passwords.hash(password) : nil
        return try await withTransaction(context) { try $0.reauthenticate(user, newHash) ?? .refused(wrong) }
    }
}

extension FlowTransaction {
    /// The number of records that are kept beside the newest one.
    private static let mostRecords = 31

    /// Nil if the password was changed while it was compared.
    func reauthenticate(_ known: User, _ newHash: PasswordHash?) throws -> FlowResult<Authentication>? {
        guard let authentication = try authentication(), authentication.user.id == known.id else {
            return try currentResult()
        }
        var user = authentication.user
        guard user.passwordHash == known.passwordHash else { return nil }
        if let newHash {
            user.passwordHash = newHash
            try transaction.update(user)
        }
        try transaction.emit(
            AuthenticationStepCompleted(
                request: request, user: snapshot(of: user), method: .password, reauthenticated: true))
        let record = AuthenticationRecord(method: .password, at: now, reauthenticated: true)
        _ = try remember { state in
            // A long session has many reauthentications, so old ones are removed. The records of the log-in are kept.
            if state.methods.count > Self.mostRecords,
                let oldest = state.methods.firstIndex(where: { $0.reauthenticated == true })
            {
                state.methods.remove(at: oldest)
            }
            state.methods.append(record)
        }
        return try currentResult()
    }

    /// Whether the caller has to reauthenticate before a sensitive change:
    /// `ACCOUNT_REAUTHENTICATION_REQUIRED`, `ACCOUNT_REAUTHENTICATION_TIMEOUT` (0: always).
    ///
    /// The log-in itself does not count, even if it is recent. A user without a password cannot reauthenticate and need
    /// not.
    ///
    /// Source: allauth 65.20 `account/internal/flows/reauthentication.py:did_recently_reauthenticate`.
    func needsReauthentication(_ authentication: Authentication) -> Bool {
        needsReauthentication(authentication, isRequired: settings.reauthenticationRequired)
    }

    /// Whether the caller has to reauthenticate before they connect or disconnect an account at a provider:
    /// `SOCIALACCOUNT_REAUTHENTICATION_REQUIRED`.
    func needsSocialReauthentication(_ authentication: Authentication) -> Bool {
        needsReauthentication(
            authentication,
            isRequired: settings.social.reauthenticationRequired ?? settings.reauthenticationRequired)
    }

    private func needsReauthentication(_ authentication: Authentication, isRequired: Bool) -> Bool {
        guard isRequired, authentication.user.passwordHash != nil else { return false }
        guard let last = authentication.methods.last(where: { $0.reauthenticated == true }) else {
            return true
        }
        return last.at + settings.reauthenticationTimeout <= now
    }
}
