// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

extension Client {
    func requestReset(_ email: String) async throws -> Happened {
        try await does { try await $0.requestPasswordReset(email, $1) }
    }

    func reset(_ key: String?, to password: String? = otherPassword) async throws -> Happened {
        try await does {
            try await $0.resetPassword(ResetPassword(key: key, password: password.map { Password($0) }), $1)
        }
    }

    func resetInformation(_ key: String?) async throws -> Happened {
        try await does { try await $0.passwordReset(for: key, $1) }
    }
}

extension World {
    /// The key in the newest link of a confirmation mail to an address.
    func keyOfConfirmation(mailedTo email: String) throws -> String {
        let mail = mails.last { $0.to == email && $0.template.rawValue.hasPrefix("email_confirmation") }
        guard let key = mail?.values["url"]?.split(separator: "/").last else {
            throw NothingMailed(email: email)
        }
        return String(key)
    }
}
