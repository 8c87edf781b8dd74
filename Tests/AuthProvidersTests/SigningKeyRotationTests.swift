// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthProviders
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct SigningKeyRotationTests {
    @Test func `fetches a rotated key before the cache expires and rejects the old key`() async throws {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider()
            try await issuer.gives()
            _ = try await provider.identity(for: issuer.callback())
            let old = try await issuer.key.sign(issuer.claims())
            issuer.clock.advance(by: .seconds(31))
            issuer.rotate(to: .elliptic("k2"))
            try await issuer.gives()
            let told1 = try await provider.identity(for: issuer.callback())
            #expect(told1.uid == "person-1")
            #expect(issuer.server.received("/keys").count == 2)
            issuer.gives(idToken: old)
            await expectError(.invalidToken) { try await provider.identity(for: issuer.callback()) }
        }
    }

    @Test func `tokens with unknown key ids cause few key requests`() async throws {
        try await TestIssuer.serving { issuer in
            let provider = issuer.provider()
            let logins = try await (0..<40).asyncMap { number in
                TokenLogin(
                    clientID: nil,
                    idToken: TokenText(try await TestKey.elliptic("unknown \(number)").sign(issuer.claims())))
            }
            await withTaskGroup(of: Void.self) { group in
                for login in logins {
                    group.addTask {
                        await expectError(.invalidToken) { try await provider.identity(for: login) }
                    }
                }
            }
            #expect(issuer.server.received("/keys").count <= 2)
            for login in logins {
                await expectError(.invalidToken) { try await provider.identity(for: login) }
            }
            #expect(issuer.server.received("/keys").count <= 2)
            issuer.clock.advance(by: .seconds(31))
            for login in logins {
                await expectError(.invalidToken) { try await provider.identity(for: login) }
            }
            #expect(issuer.server.received("/keys").count <= 3)
            try await issuer.gives()
            let told2 = try await provider.identity(for: issuer.callback())
            #expect(told2.uid == "person-1")
        }
    }

    @Test func `a token without a key id is accepted only if the issuer has a single key`()
        async throws
    {
        try await TestIssuer.serving(key: .elliptic(nil)) { issuer in
            try await issuer.gives()
            let told3 = try await issuer.provider().identity(for: issuer.callback())
            #expect(told3.uid == "person-1")
            issuer.rotate(to: issuer.key, .elliptic("k2"))
            await expectError(.invalidToken) { try await issuer.provider().identity(for: issuer.callback()) }
        }
    }
}

extension Sequence {
    func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var values: [T] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
