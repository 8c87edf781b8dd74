// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension Step {
    /// Connects an account at a provider to the caller: `social_account_added`, or `social_account_updated`
    /// where it is theirs already. One of somebody else's stays theirs.
    ///
    /// Who is to prove again who they are first does so and comes back with the same account; of that visit
    /// `pre_social_login` is not told again (SO23).
    ///
    /// Source: allauth `socialaccount/internal/flows/connect.py:do_connect`.
    ///
    /// - Parameter isSettled: whether the hook is not to be asked again then.
    func connect(
        _ login: SocialLogin, _ provider: any SocialProvider, isSettled: Bool
    ) throws -> FlowResult {
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
        return try standing()
    }
}
