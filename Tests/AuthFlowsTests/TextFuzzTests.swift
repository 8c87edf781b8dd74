// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthFlows

/// Texts of clients, of the environment and of the store, damaged: each is read or refused.
@Suite struct TextFuzzTests {
    private static let rounds = 2000 * TestSeed.times
    private let keys = KeyRing(secret: "a secret of this test, thirty-two bytes long")

    @Test func `a damaged link key is of another form, or not valid`() {
        var mutator = Mutator(seed: TestSeed.value)
        let id = UUID()
        let key = SignedKey(.confirmEmail, id: id, time: Date(), binding: ["ada"], keys: keys).key.exposedText
        for round in 0..<Self.rounds {
            let text = mutator.mutate(key)
            guard text != key, let read = SignedKey(LinkKey(text)) else { continue }
            // The unused bits of the last character are the only change that leaves the key what it was.
            let isSame = Data(base64URL: text) == Data(base64URL: key)
            let isValid = read.isValid(.confirmEmail, binding: ["ada"], keys: keys)
            #expect(isValid == isSame, "seed \(TestSeed.value), round \(round): \(text)")
        }
    }

    @Test func `a damaged sealed value is not opened`() throws {
        var mutator = Mutator(seed: TestSeed.value)
        let sealed = try keys.seal(Data("plain".utf8), for: .session, context: "c")
        for round in 0..<Self.rounds {
            let bytes = mutator.mutate(sealed)
            guard bytes != sealed else { continue }
            #expect(throws: KeyRingError.self, "seed \(TestSeed.value), round \(round)") {
                try keys.open(bytes, for: .session, context: "c")
            }
        }
    }

    @Test func `a damaged stored hash costs no more than is taken, and lets nobody in`() async throws {
        var mutator = Mutator(seed: TestSeed.value)
        let hasher = PasswordHasher(cost: .init(n: 1024), concurrency: 2)
        let stored = [
            try await hasher.hash(Password("another")).exposedText,
            "pbkdf2_sha256$1000$salt$" + Data(repeating: 7, count: 32).base64EncodedString(),
        ]
        for round in 0..<(100 * TestSeed.times) {
            let text = mutator.mutate(stored[round % 2])
            let hash = PasswordHash(stored: text)
            // What would be dear is not what is tried here.
            if let scrypt = StoredScrypt(hash), scrypt.cost.n > 2048 { continue }
            if text.hasPrefix("pbkdf2_sha256$"), let count = text.split(separator: "$").dropFirst().first,
                Int(count) ?? 0 > 20_000
            {
                continue
            }
            let verification = try await hasher.verify(Password("mine"), hash)
            #expect(verification == .wrong, "seed \(TestSeed.value), round \(round): \(text)")
        }
    }

    @Test func `damaged rates, addresses, origins and address texts are read or refused`() {
        var mutator = Mutator(seed: TestSeed.value)
        for round in 0..<Self.rounds {
            let place = "seed \(TestSeed.value), round \(round)"
            if let rate = RateLimits.Rate(mutator.mutate("30/5m/ip")) {
                #expect(rate.amount > 0 && (1...315_360_000).contains(rate.duration), "\(place): \(rate)")
            }
            let email = mutator.mutate("jane.doe@example.org")
            if EmailSyntax.isValid(email) {
                #expect(email.utf8.count <= 254 && email.contains("@"), "\(place): \(email)")
            }
            #expect(EmailAddress.normalized(EmailAddress.normalized(email)) == EmailAddress.normalized(email))
            let origin = mutator.mutate("https://app.example.org:8443")
            if let read = TrustedOrigins.origin(origin) {
                #expect(TrustedOrigins.origin(read) == read, "\(place): \(origin)")
            }
            _ = TrustedOrigins(publicURL: origin, others: [mutator.mutate("https://*.example.org")])
                .trusts(mutator.mutate("https://a.example.org/x"))
            // What is not an address stays what it is.
            _ = NetworkPrefix.of(mutator.mutate("2001:db8::17"), ipv6Bits: 1 + round % 128)
        }
    }

    @Test(arguments: [
        "1/99999999999999999d", "1/9223372036854775807d", "1/3651d", "9223372036854775808/m", "1/0s", "1/-5s",
        "-1/m",
    ])
    func `a rate beyond ten years, or beyond numbers, is refused`(_ text: String) {
        #expect(RateLimits.Rate(text) == nil)
    }

    @Test func `the longest rate is ten years, and one of no attempts always refuses`() async throws {
        #expect(RateLimits.Rate("1/3650d")?.duration == 315_360_000)
        let limiter = MemoryRateLimiter()
        for amount in [0, -1, Int.min] {
            let decision = try await limiter.consume(
                [RateLimitUse(bucket: "b", amount: amount, per: 60)], now: Date())
            guard case .refused = decision else {
                Issue.record("\(amount) attempts were allowed")
                return
            }
        }
    }
}
