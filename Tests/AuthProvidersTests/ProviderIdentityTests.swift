// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import Foundation
import Testing

/// The id and address of a user, at providers that have several of each.
@Suite struct ProviderIdentityTests {
    private func identity(
        _ definition: OAuth2Definition, _ profile: JSONValue, uidField: String? = nil
    ) async throws -> SocialIdentity {
        let http = TableHTTP([
            "POST \(definition.tokenEndpoint.absoluteString)": ["access_token": "at-1"],
            "GET \(definition.profileEndpoint.absoluteString)": profile,
        ])
        var app = SocialApp(clientID: "c")
        app.uidField = uidField
        return try await OAuth2Provider(definition, app: app, http: http).identity(
            for: AuthorizationCallback(
                parameters: ["code": "c-1"], redirectURI: URL(string: "https://here.example.org/back")!,
                codeVerifier: "v", nonce: "n"))
    }

    @Test(
        arguments: [
            ("ada_x.org#EXT#@contoso.onmicrosoft.com", nil, nil),
            ("ada_x.org#ext#@contoso.onmicrosoft.com", nil, nil),
            ("ada_x.org#EXT#@contoso.onmicrosoft.com", "ada@x.org", "ada@x.org"),
            ("ada@contoso.example", nil, "ada@contoso.example"),
            ("ada@contoso.example", "a@contoso.example", "a@contoso.example"),
        ] as [(String, String?, String?)])
    func `a guest's principal name at Microsoft is not an address`(
        _ principal: String, _ mail: String?, _ address: String?
    ) async throws {
        let told = try await identity(
            .microsoft(),
            [
                "id": "1", "userPrincipalName": .string(principal),
                "mail": mail.map(JSONValue.string) ?? .null,
            ])
        #expect(told.emailAddresses.map(\.email) == [address].compactMap { $0 })
    }

    @Test func `a Bitbucket username taken over by another account is another identity`() async throws {
        let ada = try await identity(.bitbucket(), ["username": "ada", "account_id": "557058:1"])
        let other = try await identity(.bitbucket(), ["username": "ada", "account_id": "557058:2"])
        #expect([ada.uid, other.uid] == ["557058:1", "557058:2"])
        #expect(other.username == "ada")
        let byField = try await identity(
            .bitbucket(), ["username": "ada", "account_id": "1", "uuid": "{2}"], uidField: "uuid")
        #expect(byField.uid == "{2}")
        await expectError(.unknown) { try await identity(.bitbucket(), ["username": "ada"]) }
    }
}
