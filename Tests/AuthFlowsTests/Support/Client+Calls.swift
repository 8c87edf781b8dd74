// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// A password that is accepted by every rule.
let goodPassword = "Sup3r-Secret-x9"
/// Another accepted password.
let otherPassword = "An0ther-Secret-y8"

/// The calls that most tests make.
extension Client {
    func signUp(_ email: String?, _ password: String? = goodPassword, username: String? = nil) async throws
        -> Happened
    {
        try await does {
            try await $0.signUp(
                SignUp(email: email, username: username, password: password.map { Password($0) }), $1)
        }
    }

    func logIn(_ email: String, _ password: String = goodPassword) async throws -> Happened {
        try await does { try await $0.logIn(LogIn(email: email, password: Password(password)), $1) }
    }

    func requestLoginCode(_ email: String) async throws -> Happened {
        try await does { try await $0.requestLoginCode(RequestLoginCode(email: email), $1) }
    }

    func confirmLoginCode(_ code: String) async throws -> Happened {
        try await does { try await $0.confirmLoginCode(Code(code), $1) }
    }

    func logOut() async throws -> Happened { try await does { try await $0.logOut($1) } }

    func verify(_ keyOrCode: String) async throws -> Happened {
        try await does { try await $0.verifyEmail(keyOrCode, $1) }
    }

    func changePassword(_ current: String?, to new: String) async throws -> Happened {
        try await does {
            try await $0.changePassword(
                ChangePassword(current: current.map { Password($0) }, new: Password(new)), $1)
        }
    }

    func current() async throws -> String {
        try await world.accounts.sessions.current(context).text
    }
}

extension World {
    /// The key in the newest link that was mailed to an address.
    func key(mailedTo email: String) throws -> String {
        guard let url = newestMail(to: email)?.values["url"], let key = url.split(separator: "/").last else {
            throw NothingMailed(email: email)
        }
        return String(key)
    }

    /// The newest code that was mailed to an address.
    func code(mailedTo email: String) throws -> String {
        guard let code = newestMail(to: email)?.values["code"] else { throw NothingMailed(email: email) }
        return code
    }

    /// A user who has signed up, verified the address and logged in.
    func member(_ email: String, _ kind: SignalRequest.Client = .app) async throws -> Client {
        let settled = World(restarting: self) { settings in
            settings.emailVerification = .optional
            settings.emailVerificationByCode = false
            settings.loginByCodeRequired = []
            settings.changeEmail = false
        }
        let client = settled.client(kind)
        _ = try await client.signUp(email)
        _ = try await client.verify(settled.key(mailedTo: email))
        let member = self.client(kind)
        member.token = client.token
        _ = try await newSignals()
        return member
    }
}

/// No mail was sent to the address.
struct NothingMailed: Error {
    var email: String
}
