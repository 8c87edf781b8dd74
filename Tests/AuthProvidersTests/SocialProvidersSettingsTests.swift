// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import Foundation
import Testing

@Suite struct SocialProvidersSettingsTests {
    private func providers(_ settings: SocialProviders) -> [any SocialProvider] {
        settings.providers(over: TableHTTP([:]))
    }

    @Test func `without settings, no provider exists, not even the dummy`() {
        var reader = SettingsReader([:])
        let settings = SocialProviders(reading: &reader)
        #expect(reader.faults.isEmpty)
        #expect(providers(settings).isEmpty)
        #expect(settings.limits.timeout == .seconds(5))
    }

    @Test func `reads every setting of a provider`() async throws {
        let file = try ProviderFile([
            [
                "provider": "github", "id": "work", "name": "Work", "client_id": "c-1", "secret": "s",
                "scope": ["repo"], "verified_email": ["Example.org"], "email_authentication": true,
                "email_authentication_auto_connect": false, "other_client_ids": ["c-2"],
                "oauth_pkce_enabled": false, "auth_params": ["prompt": "login"], "uid_field": "node_id",
                "token_auth_method": "client_secret_basic", "url": "https://git.example.org",
            ]
        ])
        let (settings, faults) = file.read(["SOCIALACCOUNT_REQUESTS_TIMEOUT": "7"])
        #expect(faults.isEmpty)
        #expect(settings.limits.timeout == .seconds(7))
        let github = try #require(providers(settings).first as? OAuth2Provider)
        #expect(github.id == "work")
        #expect(github.name == "Work")
        #expect(github.clientID == "c-1")
        #expect(github.app.secret?.exposedText == "s")
        #expect(github.app.scope == ["repo"])
        #expect(github.app.verifiedEmail == .domains(["example.org"]))
        #expect(github.policy.emailAuthentication == true)
        #expect(github.policy.emailAuthenticationAutoConnect == false)
        #expect(github.app.otherClientIDs == ["c-2"])
        #expect(github.app.usesPKCE == false)
        #expect(github.app.authorizationParameters == ["prompt": "login"])
        #expect(github.app.uidField == "node_id")
        #expect(github.app.authentication == .basic)
        #expect(github.definition.profileEndpoint.absoluteString == "https://git.example.org/api/v3/user")
    }

    @Test func `reads and validates overrides of the discovery document`() throws {
        let entry: [String: JSONValue] = [
            "provider": "openid_connect", "id": "staff", "issuer": "https://id.example.org", "client_id": "c",
        ]
        func read(_ overrides: JSONValue) throws -> (SocialProviders, [String]) {
            try ProviderFile([entry.merging(["openid_configuration_overrides": overrides]) { $1 }]).read()
        }
        let (settings, faults) = try read(["token_endpoint": "https://id.example.org/t", "x": true])
        #expect(faults.isEmpty)
        let provider = try #require(providers(settings).first as? OpenIDProvider)
        #expect(provider.definition.configurationOverrides["x"] == true)
        for wrong in [
            ["token_endpoint": "http://id.example.org/t"], ["jwks_uri": 1], ["issuer": "id"], "text",
        ] as [JSONValue] {
            let (_, faults) = try read(wrong)
            #expect(faults.count == 1)
            #expect(faults.first?.contains("openid_configuration_overrides") == true)
        }
        let google = try ProviderFile([
            [
                "provider": "apple", "client_id": "c", "team_id": "t", "key_id": "k", "private_key": "no PEM",
                "openid_configuration_overrides": ["x": true],
            ]
        ]).read()
        #expect(!google.faults.isEmpty)
    }

    @Test func `allauth's callback prefix applies to openid_connect only`() throws {
        let file = try ProviderFile([
            [
                "provider": "openid_connect", "id": "staff", "issuer": "https://id.example.org",
                "client_id": "c",
            ], ["provider": "google", "client_id": "c"],
        ])
        let prefix = "SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX"
        let found = providers(file.read([prefix: "oidc"]).providers)
        #expect(found.map(\.policy.callbackPrefix) == ["oidc", nil])
        #expect(providers(file.read().providers).map(\.policy.callbackPrefix) == [nil, nil])
        #expect(file.read([prefix: "a/b"]).faults.count == 1)
    }

    @Test func `reads a secret from the environment or from a file`() throws {
        let file = try ProviderFile([
            ["provider": "google", "client_id": "c", "secret": "env:GOOGLE_SECRET"],
            ["provider": "github", "client_id": "c", "secret_file": "github.secret"],
        ])
        try file.write("from a file\n", to: "github.secret", mode: 0o640)
        let (settings, faults) = file.read(["GOOGLE_SECRET": "from the environment"])
        #expect(faults.isEmpty)
        let found = providers(settings)
        #expect((found[0] as? OpenIDProvider)?.app.secret?.exposedText == "from the environment")
        #expect((found[1] as? OAuth2Provider)?.app.secret?.exposedText == "from a file")
    }

    @Test func `reports every error of every provider at once, without quoting secrets`() throws {
        let file = try ProviderFile([
            ["provider": "google", "client": "c", "secret": "s3cret-1"],
            ["provider": "elsewhere"],
            ["provider": "github", "client_id": 7, "secret": ["s3cret-2"], "scope": "a b", "colour": "red"],
            ["provider": "openid_connect", "client_id": "c", "issuer": "ftp://x"],
            ["provider": "apple", "client_id": "c", "private_key": "s3cret-3"],
            ["provider": "gitlab", "client_id": "c", "secret": "env:NOT_SET"],
            ["provider": "gitlab", "client_id": "c", "secret_file": "nowhere"],
            ["provider": "auth0", "client_id": "c", "domain": "https://x.example", "id": "Ä"],
            ["provider": "discord", "client_id": "c", "verified_email": "yes", "id": "dummy"],
            ["provider": "discord", "client_id": "c", "token_auth_method": "none", "auth_params": ["a": 1]],
        ])
        let (_, faults) = file.read(["SOCIALACCOUNT_REQUESTS_TIMEOUT": "soon"])
        for expected in [
            "SOCIALACCOUNT_REQUESTS_TIMEOUT must be",
            "entry 1 (google): client_id is missing", "entry 1 (google): client is not a member",
            "entry 2: provider must be one of amazon, apple,",
            "entry 3 (github): client_id must be a string", "entry 3 (github): secret must be a string",
            "entry 3 (github): scope must be a list of strings", "entry 3 (github): colour is not a member",
            "entry 4 (openid_connect): id is missing", "entry 4 (openid_connect): issuer must be",
            "entry 5 (apple): team_id is missing", "entry 5 (apple): key_id is missing",
            "entry 6 (gitlab): secret: NOT_SET is not set",
            "entry 7 (gitlab): secret_file cannot be read",
            "entry 7 (gitlab): another provider has the same id",
            "entry 8 (auth0): domain must be a host name", "entry 8 (auth0): id must be 1 to 200",
            "entry 9 (discord): verified_email must be",
            "entry 9 (discord): another provider has the same id",
            "entry 10 (discord): token_auth_method must be one of client_secret_basic, client_secret_post",
            "entry 10 (discord): auth_params must be an object of strings",
        ] {
            #expect(faults.contains { $0.contains(expected) }, "\(expected)")
        }
        #expect(!faults.joined().contains("s3cret"))
    }

    @Test(arguments: ["", "{}", "[", "7", "[7]", #"["google"]"#, "[{}]"])
    func `rejects a file that is not a list of providers`(text: String) throws {
        #expect(try ProviderFile(text).read().faults.count == 1)
    }

    @Test func `reports a missing file`() {
        var reader = SettingsReader(["SOCIALACCOUNT_PROVIDERS": "/nowhere/providers.json"])
        _ = SocialProviders(reading: &reader)
        #expect(reader.faults.map(\.name) == ["SOCIALACCOUNT_PROVIDERS"])
    }

    @Test func `rejects secrets readable by others, but not a readable file without secrets`() throws {
        let open = try ProviderFile([["provider": "google", "client_id": "c", "secret": "s"]], mode: 0o644)
        #expect(open.read().faults.contains { $0.contains("can be read by others") })
        let group = try ProviderFile([["provider": "google", "client_id": "c", "secret": "s"]], mode: 0o640)
        #expect(group.read().faults.isEmpty)
        let plain = try ProviderFile(
            [["provider": "google", "client_id": "c", "secret_file": "secret"]], mode: 0o644)
        try plain.write("s", to: "secret", mode: 0o600)
        #expect(plain.read().faults.isEmpty)
        try plain.write("s", to: "secret", mode: 0o604)
        #expect(plain.read().faults.contains { $0.contains("secret_file can be read by others") })
    }

    @Test func `the dummy provider exists only if enabled, and never with https`() throws {
        var reader = SettingsReader([
            "SOCIALACCOUNT_DUMMY": "true", "SIGNALS_SOURCE": "http://127.0.0.1:8080",
        ])
        #expect(providers(SocialProviders(reading: &reader)).map(\.id) == ["dummy"])
        #expect(reader.faults.isEmpty)
        for (source, address) in [
            ("https://accounts.example.org", nil), ("HTTPS://accounts.example.org", nil),
            ("http://127.0.0.1", "https://accounts.example.org"), ("urn:example:accounts", nil),
        ] {
            var values = ["SOCIALACCOUNT_DUMMY": "true", "SIGNALS_SOURCE": source]
            values["PUBLIC_URL"] = address
            var reader = SettingsReader(values)
            #expect(providers(SocialProviders(reading: &reader)).isEmpty)
            #expect(reader.faults.map(\.name) == ["SOCIALACCOUNT_DUMMY"])
        }
    }
}
