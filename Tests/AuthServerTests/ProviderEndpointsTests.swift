// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import Testing

@Suite("Providers over HTTP")
struct ProviderEndpointsTests {
    private func token(_ id: String, _ email: String? = nil, verified: Bool = true) -> JSONValue {
        var told: [String: JSONValue] = ["id": .string(id), "email_verified": .bool(verified)]
        told["email"] = email.map { .string($0) }
        let text = (try? JSONEncoder().encode(JSONValue.object(told))).map {
            String(decoding: $0, as: UTF8.self)
        }
        return ["client_id": "x", "id_token": .string(text ?? "")]
    }

    private func body(_ process: String, _ token: JSONValue, provider: String = "dummy") -> JSONValue {
        ["provider": .string(provider), "process": .string(process), "token": token]
    }

    @Test func `the config response lists the providers that a client can use`() async throws {
        var issuer = BelievingProvider(id: "acme", name: "Acme", clientID: "client-7")
        issuer.ways = [.redirect]
        issuer.discoveryURL = URL(string: "https://acme.example/.well-known/openid-configuration")
        let server = try TestServer(providers: [BelievingProvider(), issuer])
        try await server.run { client in
            let app = try await AppClient(client).get("config").body["data"]?["socialaccount"]?["providers"]
            #expect(
                app == [["id": "dummy", "name": "Dummy", "flows": ["provider_redirect", "provider_token"]]])
            let browser = try await BrowserClient(client).get("config")
            #expect(
                browser.body["data"]?["socialaccount"]?["providers"] == [
                    [
                        "id": "acme", "name": "Acme", "flows": ["provider_redirect"], "client_id": "client-7",
                        "openid_configuration_url": "https://acme.example/.well-known/openid-configuration",
                    ],
                    ["id": "dummy", "name": "Dummy", "flows": ["provider_redirect", "provider_token"]],
                ])
        }
    }

    @Test func `a client without a session receives the provider flows`() async throws {
        let server = try TestServer(providers: [BelievingProvider()])
        try await server.run { client in
            let app = try await AppClient(client).get("auth/session")
            #expect(app.flows.contains(["id": "provider_token", "providers": ["dummy"]]))
            #expect(!app.flowIDs.contains("provider_redirect"))
            let browser = try await BrowserClient(client).get("auth/session")
            #expect(browser.flows.contains(["id": "provider_redirect", "providers": ["dummy"]]))
            #expect(browser.flows.contains(["id": "provider_token", "providers": ["dummy"]]))
        }
    }

    @Test func `a pending sign-up names its provider`() async throws {
        let server = try TestServer(providers: [BelievingProvider()]) { $0.social.autoSignup = false }
        try await server.app { app in
            let reply = try await app.post("auth/provider/token", body("login", token("1", "a@x.org")))
            #expect(reply.status == 401)
            let flow = try #require(reply.flows.first { $0["id"] == "provider_signup" })
            #expect(flow["is_pending"] == true)
            #expect(flow["provider"]?["id"] == "dummy")
            #expect(flow["provider"]?["name"] == "Dummy")
            #expect(try await app.get("auth/session").pending == ["provider_signup"])
            let form = try await app.get("auth/provider/signup").body["data"]
            #expect(form?["email"] == [["email": "a@x.org", "verified": true, "primary": true]])
            #expect(form?["account"]?["uid"] == "1")
            #expect(form?["account"]?["provider"]?["id"] == "dummy")
            #expect(form?["user"]?["email"] == "a@x.org")
            #expect(try await app.post("auth/provider/signup", [:]).errorCodes == ["required"])
            #expect(try await app.post("auth/provider/signup", ["email": "a@x.org"]).status == 200)
            #expect(try await app.post("auth/provider/signup", ["email": "a@x.org"]).status == 409)
            #expect(try await app.get("auth/provider/signup").status == 409)
        }
    }

    @Test func `the response to a token contains the user and the method`() async throws {
        let server = try TestServer(providers: [BelievingProvider()])
        try await server.app { app in
            let reply = try await app.post("auth/provider/token", body("login", token("1", "a@x.org")))
            #expect(reply.status == 200)
            #expect(reply.isAuthenticated == true)
            #expect(reply.body["data"]?["user"]?["email"] == "a@x.org")
            #expect(reply.body["data"]?["user"]?["has_usable_password"] == false)
            guard case .array(let methods)? = reply.body["data"]?["methods"] else {
                return #expect(Bool(false))
            }
            #expect(methods.map { $0["method"] } == ["socialaccount"])
            #expect(methods.map { $0["provider"] } == ["dummy"])
            #expect(methods.map { $0["uid"] } == ["1"])
        }
    }

    @Test func `lists accounts with their display names`() async throws {
        let server = try TestServer(providers: [BelievingProvider()])
        try await server.app { app in
            #expect(try await app.get("account/providers").status == 401)
            _ = try await app.post("auth/provider/token", body("login", token("1", "a@x.org")))
            let list = try await app.get("account/providers")
            #expect(list.status == 200)
            guard case .array(let accounts)? = list.body["data"] else { return #expect(Bool(false)) }
            #expect(accounts.count == 1)
            #expect(accounts[0]["uid"] == "1")
            #expect(accounts[0]["display"] == "a@x.org")
            #expect(accounts[0]["provider"]?["id"] == "dummy")
            let refused = try await app.delete("account/providers", ["provider": "dummy", "account": "1"])
            #expect(refused.status == 400)
            #expect(refused.errorCodes == ["no_password"])
            #expect(
                try await app.delete("account/providers", ["provider": "dummy", "account": "2"]).errorCodes
                    == ["account_not_found"])
            #expect(try await app.delete("account/providers", [:]).errorCodes == ["required", "required"])
        }
    }

    @Test func `a closed, denied or unauthenticated request is 403 without a reason`() async throws {
        let closed = try TestServer(providers: [BelievingProvider()]) { $0.signupOpen = false }
        try await closed.app { app in
            let reply = try await app.post("auth/provider/token", body("login", token("1", "a@x.org")))
            #expect(reply.status == 403)
            #expect(reply.body == ["status": 403])
        }
        var hooks = AccountHooks()
        hooks.preSocialLogin = PreSocialLoginHook { login, _ in
            login.identity.uid == "1"
                ? .deny(reason: "a secret reason") : .redirect(URL(string: "https://example.org/why")!)
        }
        let guarded = try TestServer(hooks: hooks, providers: [BelievingProvider()])
        try await guarded.app { app in
            let denied = try await app.post("auth/provider/token", body("login", token("1", "a@x.org")))
            #expect(denied.body == ["status": 403])
            let sent = try await app.post("auth/provider/token", body("login", token("2", "a@x.org")))
            #expect(sent.status == 403)
            #expect(sent.body["data"]?["location"] == "https://example.org/why")
        }
        let open = try TestServer(providers: [BelievingProvider()])
        try await open.app { app in
            let reply = try await app.post("auth/provider/token", body("connect", token("1", "a@x.org")))
            #expect(reply.body == ["status": 403])
        }
    }

    @Test func `reports an invalid token with allauth's error codes`() async throws {
        var named = BelievingProvider(id: "named", name: "Named")
        named.clientID = "x"
        var browsersOnly = BelievingProvider(id: "browsers", name: "Browsers only")
        browsersOnly.ways = [.redirect]
        let server = try TestServer(providers: [BelievingProvider(), named, browsersOnly])
        try await server.app { app in
            let attempts: [(JSONValue, String)] = [
                (body("login", "text"), "token invalid_token"),
                (body("login", [:]), "token token_required"),
                (body("login", ["id_token": 1]), "token token_required"),
                (body("login", ["id_token": "x"], provider: "named"), "token client_id_required"),
                (
                    body("login", ["id_token": "x", "client_id": "y"], provider: "named"),
                    "token invalid_token"
                ),
                (
                    body("login", ["id_token": "x"], provider: "browsers"),
                    "provider token_authentication_not_supported"
                ),
                (body("login", ["id_token": "nonsense"]), "token invalid_token"),
                (body("redirect", token("1")), "process invalid_choice"),
                (body("login", token("1"), provider: "missing"), "token invalid_token"),
            ]
            for (attempt, expected) in attempts {
                let reply = try await app.post("auth/provider/token", attempt)
                #expect(reply.status == 400)
                let said = reply.errors.map { "\($0["param"]?.string ?? "") \($0["code"]?.string ?? "")" }
                #expect(said == [expected])
            }
        }
        #expect(try await server.signals() == [])
    }

    @Test func `with social accounts only, the provider flow is the only flow`() async throws {
        let server = try TestServer(providers: [BelievingProvider()]) {
            $0.social.socialOnly = true
            $0.emailVerification = .none
        }
        try await server.app { app in
            let session = try await app.get("auth/session")
            #expect(session.flowIDs == ["provider_token"])
            let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]
            #expect(try await app.post("auth/signup", ada).status == 403)
            #expect(try await app.post("auth/login", ada).status == 403)
            #expect(
                try await app.post("auth/provider/token", body("login", token("1", "a@x.org"))).status == 200)
        }
    }
}
