// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AccountPages {
    /// `reauthenticate/`: asks for the password again and leads back to `next`.
    func addReauthentication<Context>(to routes: PageRoutes<Context>) {
        routes.form("reauthenticate") { call in
            try await call.reauthenticationPage()
        } submit: { call in
            let password = call.form["password"].map { Password($0) }
            let result = try await call.accounts.reauthenticate(password, call.flowContext)
            return try await call.page(result) {
                try await call.reauthenticationPage($0)
            } success: { _ in
                call.onward()
            }
        }
    }
}

extension PageCall {
    fileprivate func reauthenticationPage(_ refusals: [Refusal] = []) async throws -> Page {
        guard let user = try await authentication()?.user else { return logInFirst() }
        // A user without a password cannot reauthenticate and need not.
        if user.passwordHash == nil { return onward() }
        return Page(
            title: .reauthenticate, content: "<p>\(.reauthenticateIntroduction)</p>\n",
            forms: [PageForm([.currentPassword()], button: .confirm, errors: refusals)],
            links: [PageLink(.account, "/accounts/")])
    }
}
