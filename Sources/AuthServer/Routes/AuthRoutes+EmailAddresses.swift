// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AuthRoutes {
    /// `account/email`: list, add, resend the confirmation, make primary, remove.
    func addEmailAddresses<Context>(to routes: APIRoutes<Context>) {
        routes.get("account/email") { call in
            try await call.answer(try await call.accounts.listEmails(call.flowContext))
        }
        routes.post("account/email") { call in
            let email = try call.body.read { $0.text("email") }
            return try await call.answer(try await call.accounts.addEmail(email, call.flowContext))
        }
        routes.put("account/email") { call in
            let email = try call.body.read { $0.text("email") }
            return try await call.answer(
                try await call.accounts.resendConfirmation(of: email, call.flowContext))
        }
        routes.patch("account/email") { call in
            let email = try call.body.read { members in
                members.requireTrue("primary")
                return members.text("email")
            }
            return try await call.answer(try await call.accounts.makePrimary(email, call.flowContext))
        }
        routes.delete("account/email") { call in
            let email = try call.body.read { $0.text("email") }
            return try await call.answer(try await call.accounts.removeEmail(email, call.flowContext))
        }
    }
}
