// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import Hummingbird
import Synchronization

/// An OpenID Connect provider with real keys on loopback; tests can change its responses.
struct TestIssuer: Sendable {
    let server: LoopbackServer
    let clock = FixedClock()
    let client: ProviderClient
    private let keys: Mutexed<[TestKey]>

    var issuer: String { server.origin }

    /// Serves while `body` runs.
    static func serving(
        key: TestKey = .elliptic("k1"), timeout: Duration = .seconds(20),
        _ body: @escaping @Sendable (TestIssuer) async throws -> Void
    ) async throws {
        try await LoopbackServer.serving { server in
            var limits = ProviderClient.Limits()
            limits.timeout = timeout
            let client = ProviderClient(limits)
            let issuer = TestIssuer(server: server, client: client, keys: Mutexed([key]))
            issuer.serve()
            do {
                try await body(issuer)
            } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }

    /// The provider under test.
    func provider(_ change: (inout OpenIDDefinition, inout SocialApp) -> Void = { _, _ in }) -> OpenIDProvider
    {
        var definition = OpenIDDefinition.issuer(issuer, id: "test")
        var app = SocialApp(clientID: "client-1", secret: ClientSecret("s3cret:/ä"))
        change(&definition, &app)
        return OpenIDProvider(definition, app: app, http: client, clock: clock)
    }

    /// Replaces the published keys; the first one signs.
    func rotate(to keys: TestKey...) { self.keys.set(keys) }

    var key: TestKey { keys.get()[0] }

    /// Claims of a valid ID token, with changes.
    func claims(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        let now = Int64(clock.now().timeIntervalSince1970)
        var claims: [String: JSONValue] = [
            "iss": .string(issuer), "sub": "person-1", "aud": "client-1", "exp": .integer(now + 300),
            "iat": .integer(now), "nonce": "n-1", "email": "Ann@Example.org", "email_verified": true,
            "name": "Ann Example",
        ]
        for (name, value) in changes { claims[name] = value }
        return .object(claims)
    }

    /// Makes the token endpoint return this ID token.
    func gives(idToken: String) {
        server.on("/token") { _ in
            .json(
                """
                {"access_token":"at-1","token_type":"Bearer","expires_in":3600,"refresh_token":"rt-1",
                 "scope":"openid email","id_token":"\(idToken)"}
                """)
        }
    }

    func gives(_ changes: [String: JSONValue?] = [:]) async throws {
        gives(idToken: try await key.sign(claims(changes)))
    }

    func callback(code: String = "c-1") -> AuthorizationCallback {
        AuthorizationCallback(
            parameters: ["code": code, "state": "s-1"], redirectURI: URL(string: "http://localhost/back")!,
            codeVerifier: "verifier-1", nonce: "n-1")
    }

    var request: AuthorizationRequest {
        AuthorizationRequest(
            redirectURI: URL(string: "http://localhost/back?to=here")!, state: "s-1",
            codeChallenge: "challenge-1", nonce: "n-1")
    }

    /// Serves the discovery document, with changes.
    func discovers(_ changes: [String: JSONValue?] = [:]) throws {
        var document: [String: JSONValue] = [
            "issuer": .string(issuer), "authorization_endpoint": .string(issuer + "/authorize"),
            "token_endpoint": .string(issuer + "/token"), "jwks_uri": .string(issuer + "/keys"),
            "userinfo_endpoint": .string(issuer + "/userinfo"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        ]
        for (name, value) in changes { document[name] = value }
        let text = String(decoding: try JSONEncoder().encode(JSONValue.object(document)), as: UTF8.self)
        server.on("/.well-known/openid-configuration") { _ in .json(text) }
    }

    private func serve() {
        try? discovers()
        let keys = keys
        server.on("/keys") { _ in
            let set = JSONValue.object(["keys": .array(try keys.get().map { try $0.jwk })])
            return .json(String(decoding: try JSONEncoder().encode(set), as: UTF8.self))
        }
        server.on("/userinfo") { _ in
            .json(
                """
                {"sub":"person-1","email":"ann@example.org","email_verified":true,"name":"Ann Example",
                 "preferred_username":"ann","locale":"en"}
                """)
        }
    }
}

/// A value behind a lock that copyable types can hold.
final class Mutexed<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func get() -> Value { value.withLock { $0 } }
    func set(_ new: Value) { value.withLock { $0 = new } }
}
