// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AuthRoutes {
    /// `account/password/change`, `auth/password/request` and `auth/password/reset`.
    func addPasswords<Context>(to routes: APIRoutes<Context>) {
        routes.post("account/password/change") { call in
            let form = try call.body.read { members in
                ChangePassword(
                    current: members.password("current_password"), new: members.password("new_password"))
            }
            return try await call.answer(try await call.accounts.changePassword(form, call.flowContext))
        }
        routes.post("auth/password/request") { call in
            let email = try call.body.read { $0.text("email") }
            return try await call.answer(
                try await call.accounts.requestPasswordReset(email, call.flowContext))
        }
        routes.get("auth/password/reset") { call in
            let key = call.headers[.passwordResetKey]
            return try await call.answer(try await call.accounts.passwordReset(for: key, call.flowContext))
        }
        routes.post("auth/password/reset") { call in
            let form = try call.body.read { members in
                ResetPassword(key: members.text("key"), password: members.password("password"))
            }
            return try await call.answer(try await call.accounts.resetPassword(form, call.flowContext))
        }
    }
}
