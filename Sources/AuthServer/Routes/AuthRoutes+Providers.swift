// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AuthRoutes {
    /// `auth/provider/token`, `auth/provider/signup` and `account/providers`.
    func addProviders<Context>(to routes: APIRoutes<Context>) {
        routes.post("auth/provider/token") { call in
            let form = try call.body.read { $0.providerTokenLogIn() }
            return try await call.answer(
                try await call.accounts.logInWithProviderToken(form, call.flowContext))
        }
        routes.get("auth/provider/signup") { call in
            try await call.answer(try await call.accounts.providerSignup(call.flowContext))
        }
        routes.post("auth/provider/signup") { call in
            let form = try call.body.read { members in
                SocialSignUp(email: members.text("email"), username: members.text("username"))
            }
            return try await call.answer(try await call.accounts.signUpWithProvider(form, call.flowContext))
        }
        routes.get("account/providers") { call in
            try await call.answer(try await call.accounts.listSocialAccounts(call.flowContext))
        }
        routes.delete("account/providers") { call in
            let (provider, account) = try call.body.read { members in
                (members.text("provider"), members.text("account"))
            }
            return try await call.answer(
                try await call.accounts.removeSocialAccount(
                    provider: provider, uid: account, call.flowContext))
        }
    }
}

extension JSONMembers {
    /// The body of `auth/provider/token`.
    fileprivate mutating func providerTokenLogIn() -> ProviderTokenLogIn {
        let provider = text("provider")
        let process = text("process").map { SocialLoginSnapshot.Process(rawValue: $0) }
        let token = token("token") { members in
            TokenLogin(
                clientID: members.text("client_id"),
                idToken: members.text("id_token").map { TokenText($0) },
                accessToken: members.text("access_token").map { TokenText($0) })
        }
        return ProviderTokenLogIn(
            provider: provider, process: process, token: token ?? TokenLogin(clientID: nil))
    }
}
