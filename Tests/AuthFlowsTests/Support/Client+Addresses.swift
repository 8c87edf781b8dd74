// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSQLiteStore
import AuthStore
import Foundation

extension Client {
    func addEmail(_ email: String) async throws -> Happened {
        try await does { try await $0.addEmail(email, $1) }
    }

    func removeEmail(_ email: String) async throws -> Happened {
        try await does { try await $0.removeEmail(email, $1) }
    }

    func makePrimary(_ email: String) async throws -> Happened {
        try await does { try await $0.makePrimary(email, $1) }
    }

    func resendConfirmation(of email: String) async throws -> Happened {
        try await does { try await $0.resendConfirmation(of: email, $1) }
    }

    func listEmails() async throws -> Happened { try await does { try await $0.listEmails($1) } }
}

extension World {
    func addressCount() async throws -> Int {
        try await store.read { reading in try reading.count(of: "auth_email_address") }
    }
}
