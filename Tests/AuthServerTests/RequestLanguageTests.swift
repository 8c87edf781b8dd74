// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite struct RequestLanguageTests {
    private static let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    @Test(
        arguments: [
            (["Accept-Language": "de-AT,de;q=0.9,en;q=0.8"], .german), (["Accept-Language": "fr"], .english),
            ([:], .english),
        ] as [([String: String], Language)])
    func `a sign-up mails in the language of Accept-Language`(
        _ headers: [String: String], _ language: Language
    ) async throws {
        let server = try TestServer { $0.emailVerification = .mandatory }
        try await server.run { client in
            let reply = try await AppClient(client).send(.post, "auth/signup", Self.ada, headers)
            #expect(reply.status == 401)
            #expect(try await server.mails().map(\.language) == [language])
        }
    }

    @Test func `the headless API's texts are English in every language`() async throws {
        let server = try TestServer()
        try await server.run { client in
            let headers = ["Accept-Language": "de"]
            let reply = try await AppClient(client).send(.post, "auth/signup", [:], headers)
            #expect(reply.status == 400)
            let errors = String(describing: reply.body)
            #expect(errors.contains("This field is required."))
            #expect(!errors.contains("erforderlich"))
        }
    }
}
