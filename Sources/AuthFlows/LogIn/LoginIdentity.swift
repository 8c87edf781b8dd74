// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The claimed identity and the password of a log-in.
struct LoginIdentity: Sendable {
    var email: String?
    var username: String?
    /// The address or username as the user typed it.
    var typed: String
    var password: Password

    struct Refusals: Error { var all: [Refusal] }

    /// The key that failed log-ins are counted under.
    var key: String { email.map(EmailAddress.key(of:)) ?? username.map(Username.key(of:)) ?? "" }

    /// The same refusal for a wrong password and for an unknown user.
    var mismatch: Refusal {
        email != nil
            ? Refusal(.emailPasswordMismatch, field: "password", .emailPasswordMismatch)
            : Refusal(.usernamePasswordMismatch, field: "password", .usernamePasswordMismatch)
    }

    static func read(_ form: LogIn, _ settings: AccountSettings) -> Result<LoginIdentity, Refusals> {
        var refusals: [Refusal] = []
        var identity = LoginIdentity(typed: "", password: form.password ?? Password(""))
        if settings.loginMethods.count > 1, (form.email ?? "").isEmpty == (form.username ?? "").isEmpty {
            return .failure(Refusals(all: [Refusal(.invalidLogin, .invalidLogin)]))
        }
        if settings.loginMethods.contains(.email), let typed = form.email, !typed.isEmpty {
            identity.typed = typed
            identity.email =
                FieldChecks(settings: settings).email(typed).get(refusals: &refusals) ?? nil
        } else if settings.loginMethods.contains(.username), let typed = form.username, !typed.isEmpty {
            identity.typed = typed
            identity.username =
                FieldChecks(settings: settings).knownUsername(typed).get(refusals: &refusals)
        } else {
            let field = settings.loginMethods.contains(.email) ? "email" : "username"
            refusals.append(.required(field: field))
        }
        let password = identity.password.exposedText
        if password.isEmpty {
            refusals.append(.required(field: "password"))
        } else if password.utf8.count > Password.longest {
            refusals.append(Refusal(.passwordTooLong, field: "password", .passwordTooLong(Password.longest)))
        }
        return refusals.isEmpty ? .success(identity) : .failure(Refusals(all: refusals))
    }
}
