// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

extension AuthRoutes {
    /// `auth/signup`, `auth/login`, `auth/session` and `auth/reauthenticate`.
    func addAuthentication<Context>(to routes: APIRoutes<Context>) {
        let honeypot = accounts.settings.signupHoneypotField
        routes.post("auth/signup") { call in
            let form = try call.body.read { members in
                SignUp(
                    email: members.text("email"), username: members.text("username"),
                    password: members.password("password"), passwordAgain: members.password("password2"),
                    honeypot: honeypot.flatMap { members.text($0) })
            }
            return try await call.answer(try await call.accounts.signUp(form, call.flowContext))
        }
        routes.post("auth/login") { call in
            let form = try call.body.read { members in
                LogIn(
                    email: members.text("email"), username: members.text("username"),
                    password: members.password("password"), remember: members.bool("remember"))
            }
            return try await call.answer(try await call.accounts.logIn(form, call.flowContext))
        }
        routes.post("auth/reauthenticate") { call in
            let password = try call.body.read { $0.password("password") }
            return try await call.answer(try await call.accounts.reauthenticate(password, call.flowContext))
        }
        routes.get("auth/session") { call in
            try await call.answer(try await call.accounts.sessions.current(call.flowContext))
        }
        routes.delete("auth/session") { call in
            // allauth responds with 401, because the caller is no longer logged in.
            let loggedOut: FlowResult<Authentication> = try await call.accounts.logOut(call.flowContext)
                .flatMap { .unauthenticated(PendingAuthentication()) }
            return try await call.answer(loggedOut)
        }
    }
}
