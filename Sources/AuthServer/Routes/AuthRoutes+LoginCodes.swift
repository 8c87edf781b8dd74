// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AuthRoutes {
    /// `auth/code/request`, `auth/code/confirm` and `auth/code/resend`.
    func addLoginCodes<Context>(to routes: APIRoutes<Context>) {
        routes.post("auth/code/request") { call in
            let form = try call.body.read { members in
                RequestLoginCode(email: members.text("email"), username: members.text("username"))
            }
            return try await call.answer(try await call.accounts.requestLoginCode(form, call.flowContext))
        }
        routes.post("auth/code/confirm") { call in
            let code = try call.body.read { $0.required("code") }
            return try await call.answer(
                try await call.accounts.confirmLoginCode(Code(code), call.flowContext))
        }
        routes.post("auth/code/resend") { call in
            try await call.answer(try await call.accounts.resendLoginCode(call.flowContext))
        }
    }
}
