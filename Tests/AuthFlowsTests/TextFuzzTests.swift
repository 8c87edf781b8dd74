// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

@testable import AuthFlows

/// Fuzzed texts of clients, of the environment and of the store: each is parsed or refused without a crash.
@Suite struct TextFuzzTests {
    private static let rounds = 2000 * TestSeed.times
    private let keys = KeyRing(secret: "a secret of this test, thirty-two bytes long")

    @Test func `a fuzzed link key is malformed or invalid`() {
        var mutator = Mutator(seed: TestSeed.value)
        let id = UUID()
        let key = SignedKey(.confirmEmail, id: id, time: Date(), binding: ["ada"], keys: keys).key.exposedText
        for round in 0..<Self.rounds {
            let text = mutator.mutate(key)
            guard text != key, let read = SignedKey(LinkKey(text)) else { continue }
            // Only a change of the unused bits of the last character keeps the key valid.
            let isSame = Data(base64URL: text) == Data(base64URL: key)
            let isValid = read.isValid(.confirmEmail, binding: ["ada"], keys: keys)
            #expect(isValid == isSame, "seed \(TestSeed.value), round \(round): \(text)")
        }
    }

    @Test func `a fuzzed sealed value is not opened`() throws {
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

    @Test func `a fuzzed stored hash matches no password`() async throws {
        var mutator = Mutator(seed: TestSeed.value)
        let hasher = PasswordHasher(cost: .init(n: 1024), concurrency: 2)
        let stored = [
            try await hasher.hash(Password("another")).exposedText,
            "pbkdf2_sha256$1000$salt$" + Data(repeating: 7, count: 32).base64EncodedString(),
        ]
        for round in 0..<(100 * TestSeed.times) {
            let text = mutator.mutate(stored[round % 2])
            let hash = PasswordHash(stored: text)
            // Skip expensive hashes, which would only slow the test down.
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

    @Test func `fuzzed rates, email addresses, origins and IP addresses are parsed or refused`() {
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
            // An invalid IP address is returned unchanged.
            _ = NetworkPrefix.of(mutator.mutate("2001:db8::17"), ipv6Bits: 1 + round % 128)
        }
    }

    @Test(arguments: [
        "1/99999999999999999d", "1/9223372036854775807d", "1/3651d", "9223372036854775808/m", "1/0s", "1/-5s",
        "-1/m",
    ])
    func `refuses a rate longer than ten years or out of range`(_ text: String) {
        #expect(RateLimits.Rate(text) == nil)
    }

    @Test func `the longest rate is ten years, and a rate of zero attempts always refuses`() async throws {
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
