// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import JWTKit
import Testing
import ToolSupport

/// Mutated responses of providers: the log-in fails with an error, or yields an identity with an id.
@Suite struct ProviderReplyFuzzTests {
    /// Mutates two of three bodies and one of twenty status codes.
    private actor Damage {
        private var mutator: Mutator
        init(seed: UInt64) { mutator = Mutator(seed: seed) }

        func damage(_ answer: ProviderAnswer) -> ProviderAnswer {
            var answer = answer
            if !mutator.random.oneIn(3) { answer.body = mutator.mutate(answer.body) }
            if mutator.random.oneIn(20) {
                answer.status =
                    [100, 204, 302, 400, 401, 429, 500, 599, 999].randomElement(
                        using: &mutator.random) ?? 500
            }
            return answer
        }
    }

    private struct DamagedHTTP: ProviderHTTP {
        let http: TableHTTP
        let damage: Damage

        func send(_ request: ProviderRequest) async throws(SocialProviderError) -> ProviderAnswer {
            let answer = try await http.send(request)
            return await damage.damage(answer)
        }
    }

    @Test(arguments: ProviderFixture.names)
    func `mutated responses yield an error or an identity with an id`(_ name: String)
        async throws
    {
        let fixture = try ProviderFixture.load(name)
        let seed = name.utf8.reduce(TestSeed.value) { $0 &* 31 &+ UInt64($1) }
        let key = TestKey.elliptic("k1")
        let clock = FixedClock()
        var entry = fixture.settings.merging(
            ["provider": .string(name), "client_id": "client-1", "secret": "s3cret"]) { $1 }
        if name == "apple" {
            entry["private_key"] = .string(ES256PrivateKey().pemRepresentation)
            entry["secret"] = nil
        }
        let settings = try ProviderFile([entry]).read().providers
        let table = TableHTTP(fixture.answers)
        let idToken = try await fixture.signedToken(by: key, now: clock.now())
        let damage = Damage(seed: seed)
        for _ in 0..<(20 * TestSeed.times) {
            // A new provider each time, since keys and configurations are cached.
            let http = DamagedHTTP(http: table, damage: damage)
            let provider = try #require(settings.providers(over: http, clock: clock).first)
            for endpoint in fixture.endpoints(of: provider) {
                table.answer(
                    "POST \(endpoint.token)",
                    with: [
                        "access_token": "at-1", "token_type": "bearer", "expires_in": 3600,
                        "id_token": idToken.map(JSONValue.string) ?? .null,
                    ])
                if let keys = endpoint.keys {
                    table.answer("GET \(keys)", with: ["keys": [try key.jwk]])
                }
            }
            do {
                let identity = try await provider.identity(
                    for: AuthorizationCallback(
                        parameters: ["code": "c-1"].merging(fixture.parameters ?? [:]) { $1 },
                        redirectURI: URL(string: "https://accounts.example.org/back")!,
                        codeVerifier: "verifier-1", nonce: "n-1"))
                #expect(!identity.uid.isEmpty, "seed \(seed)")
                #expect(throws: Never.self, "seed \(seed)") { try JSONEncoder().encode(identity.extraData) }
            } catch {
                #expect(!error.message.isEmpty, "seed \(seed)")
            }
        }
    }
}
