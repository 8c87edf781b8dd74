// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Accounts {
    /// The caller's accounts at providers.
    public func listSocialAccounts(_ context: FlowContext) async throws -> FlowResult<[SocialAccount]> {
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user(let authentication):
            return .success(try await store.read { try $0.socialAccounts(of: authentication.user.id) })
        }
    }

    /// Disconnects one of the caller's accounts, and returns the others: `social_account_removed`.
    ///
    /// The last one cannot be disconnected if the user could not log in without it: `no_password`, or
    /// `no_verified_email` if verification is mandatory.
    public func removeSocialAccount(provider: String?, uid: String?, _ context: FlowContext) async throws
        -> FlowResult<[SocialAccount]>
    {
        switch try await caller(context) {
        case .unknownToken: return .gone
        case .anonymous(let session): return .unauthenticated(pending(of: session))
        case .user: break
        }
        var refusals: [Refusal] = []
        if (provider ?? "").isEmpty { refusals.append(.required(field: "provider")) }
        if (uid ?? "").isEmpty { refusals.append(.required(field: "account")) }
        guard let provider, let uid, refusals.isEmpty else { return .refused(refusals) }
        let name = self.provider(provider)?.name ?? provider
        return try await withTransaction(context) { try $0.removeSocialAccount(provider, uid, named: name) }
    }
}

extension FlowTransaction {
    func removeSocialAccount(_ provider: String, _ uid: String, named name: String) throws
        -> FlowResult<[SocialAccount]>
    {
        guard let authentication = try authentication() else {
            return .unauthenticated(try pendingAuthentication())
        }
        let user = authentication.user
        let accounts = try transaction.socialAccounts(of: user.id)
        let named = accounts.first { $0.provider.hasSameBytes(as: provider) && $0.uid.hasSameBytes(as: uid) }
        guard let account = named else {
            return .refused(Refusal(.accountNotFound, .accountNotFound))
        }
        if accounts.count == 1, let refusal = objectionToLosingTheLast(authentication) {
            return .refused(refusal)
        }
        if needsSocialReauthentication(authentication) { return .reauthenticationRequired(authentication) }
        let snapshot = account.snapshot
        try transaction.delete(account)
        try transaction.emit(
            SocialAccountRemoved(request: request, user: self.snapshot(of: user), socialaccount: snapshot))
        try notify(.accountDisconnected, user, values: ["provider": name])
        return .success(try transaction.socialAccounts(of: user.id))
    }

    /// Source: allauth `socialaccount/internal/flows/connect.py:validate_disconnect`.
    private func objectionToLosingTheLast(_ authentication: Authentication) -> Refusal? {
        if settings.social.socialOnly {
            return Refusal(.disconnectLast, .disconnectLast)
        }
        if authentication.user.passwordHash == nil {
            return Refusal(.noPassword, .noPassword)
        }
        if settings.emailVerification == .mandatory,
            !authentication.emailAddresses.contains(where: \.verified)
        {
            return Refusal(.noVerifiedEmail, .noVerifiedEmail)
        }
        return nil
    }
}
