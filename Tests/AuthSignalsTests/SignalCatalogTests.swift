// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct SignalCatalogTests {
    @Test func `the catalogue has the contract's 27 signals, each once, in reserved families`() {
        let names = SignalCatalog.all.map { $0.name }
        #expect(names.count == 27)
        #expect(Set(names).count == 27)
        #expect(names.allSatisfy { $0.isReserved })
        #expect(SignalCatalog.reserved.allSatisfy { $0.isReserved })
        #expect(Set(names).isDisjoint(with: SignalCatalog.reserved))
        #expect(SignalCatalog.all.allSatisfy { $0.schemaVersion == 1 && !$0.summary.isEmpty })
    }

    @Test(arguments: CatalogGolden.forms.indices)
    func `prints the catalogue byte for byte as released`(index: Int) throws {
        let (format, file) = CatalogGolden.forms[index]
        let text = try SignalCatalog.text(
            as: format, schemaBase: "https://accounts.example.org/schemas", exchange: "auth.signals")
        #expect(text.hasSuffix("\n"))
        try Golden(file).expect(Data(text.utf8))
    }

    @Test func `exactly the documented formats exist, each with a golden file`() {
        #expect(CatalogFormat.allCases.map(\.rawValue) == ["table", "markdown", "json-schema", "asyncapi"])
        #expect(CatalogGolden.forms.map(\.format) == CatalogFormat.allCases)
        #expect(CatalogFormat(rawValue: "asyncapi") == .asyncAPI)
        #expect(CatalogFormat(rawValue: "yaml") == nil)
    }

    @Test func `prints an application's own signals in every format`() throws {
        for format in CatalogFormat.allCases {
            let text = try SignalCatalog.text(of: SignalCatalog.all + [InvoicePaid.self], as: format)
            #expect(text.contains("billing.invoice_paid"))
            #expect(text.contains("account.user_logged_in"))
            #expect(text.contains("an invoice was paid"))
            #expect(text.contains("payer"))
        }
    }

    @Test func `every reference in the AsyncAPI document resolves`() throws {
        let text = try SignalCatalog.text(as: .asyncAPI)
        let document = try SignalCodec.decoder().decode(JSONValue.self, from: Data(text.utf8))
        let references = text.split(separator: "\"").filter { $0.hasPrefix("#/") }
        #expect(references.count >= 27 * 5)
        for reference in references {
            let target = reference.dropFirst(2).split(separator: "/").reduce(Optional(document)) {
                value, name in
                value?[String(name)]
            }
            #expect(target != nil, "\(reference)")
        }
        #expect(document["asyncapi"] == "3.0.0")
    }

    @Test func `the catalogue has exactly the members of the contract`() throws {
        let expected: [String: String] = [
            "account.user_logged_in": "user session methods sociallogin?",
            "account.user_logged_out": "user session",
            "account.user_signed_up": "user sociallogin?",
            "account.password_set": "user",
            "account.password_changed": "user logged_out_sessions",
            "account.password_reset": "user",
            "account.email_confirmed": "user email_address",
            "account.email_confirmation_sent": "user confirmation signup",
            "account.email_changed": "user from_email_address? to_email_address",
            "account.email_added": "user email_address",
            "account.email_removed": "user email_address",
            "socialaccount.pre_social_login": "user? sociallogin outcome reason?",
            "socialaccount.social_account_added": "user sociallogin",
            "socialaccount.social_account_updated": "user sociallogin",
            "socialaccount.social_account_removed": "user socialaccount",
            "account.authentication_step_completed":
                "user method reauthenticated? email? username? provider? uid? type?",
            "account.login_code_rejected": "user last_attempt",
            "account.password_reset_code_rejected": "user last_attempt",
            "account.email_verification_code_rejected": "user last_attempt",
            "account.login_failed": "user? method reason",
            "account.signup_completed": "user email_address",
            "account.user_deactivated": "user",
            "account.user_activated": "user",
            "account.user_deleted": "user",
            "account.user_snapshot": "user email_addresses",
            "usersessions.session_client_changed": "user session from_client to_client",
            "usersessions.session_ended": "user session reason",
        ]
        for signal in SignalCatalog.all {
            let members = try SignalSchema(of: signal).topMembers
            #expect(members.first?.path == "request")
            let words = members.dropFirst().map { $0.path + ($0.isRequired ? "" : "?") }
            #expect(words.joined(separator: " ") == expected[signal.name.rawValue])
        }
    }

    @Test func `the personal members are exactly those that the thin profile omits`() throws {
        var personal: Set<String> = []
        for signal in SignalCatalog.all {
            personal.formUnion(try SignalSchema(of: signal).members.filter(\.isPersonal).map(\.path))
        }
        #expect(
            personal == [
                "request.ip", "request.user_agent", "user.email", "user.username", "email_address.email",
                "from_email_address.email", "to_email_address.email", "confirmation.email_address.email",
                "sociallogin.email_addresses[].email", "sociallogin.extra_data", "socialaccount.extra_data",
                "email", "username", "email_addresses[].email", "from_client.ip", "from_client.user_agent",
                "to_client.ip", "to_client.user_agent",
            ])
    }
}
