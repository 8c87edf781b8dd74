// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension FlowTransaction {
    /// Connects an account at a provider to the caller: `social_account_added`, or `social_account_updated` if it is
    /// connected to them already. An account of another user stays theirs.
    ///
    /// If the caller has to reauthenticate first, they do so and return with the same account; `pre_social_login` is
    /// not emitted again then.
    ///
    /// Source: allauth `socialaccount/internal/flows/connect.py:do_connect`.
    ///
    /// - Parameter isSettled: whether the hook need not be called again then.
    func connect(
        _ login: SocialLogin, _ provider: any SocialProvider, isSettled: Bool
    ) throws -> FlowResult<Authentication> {
        guard let authentication = try authentication() else { return .forbidden(.permissionDenied) }
        if needsSocialReauthentication(authentication) {
            let pending = PendingConnect(
                provider: login.identity.provider, uid: login.identity.uid, startedAt: now)
            _ = try remember { $0.pendingConnect = isSettled ? pending : nil }
            return .reauthenticationRequired(authentication)
        }
        if authentication.session.state.pendingConnect != nil { _ = try remember { $0.pendingConnect = nil } }
        if let owner = login.user, owner.id != authentication.user.id {
            return .refused(.connectedOther())
        }
        var login = login
        login.user = authentication.user
        if var account = login.account {
            try update(&account, login)
        } else {
            try addAccount(&login, to: authentication.user, provider)
        }
        return try currentResult()
    }
}
