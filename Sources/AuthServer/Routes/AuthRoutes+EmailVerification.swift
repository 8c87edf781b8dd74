// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Hummingbird

extension AuthRoutes {
    /// `auth/email/verify` and `auth/email/verify/resend`.
    func addEmailVerification<Context>(to routes: APIRoutes<Context>) {
        routes.get("auth/email/verify") { call in
            let key = try call.key(in: .emailVerificationKey)
            return try await call.answer(
                try await call.accounts.emailVerification(for: key, call.flowContext))
        }
        routes.post("auth/email/verify") { call in
            let key = try call.body.read { $0.required("key") }
            return try await call.answer(try await call.accounts.verifyEmail(key, call.flowContext))
        }
        routes.post("auth/email/verify/resend") { call in
            try await call.answer(try await call.accounts.resendVerification(call.flowContext))
        }
    }
}
