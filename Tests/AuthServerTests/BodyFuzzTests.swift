// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird
import Testing
import ToolSupport

@testable import AuthServer

/// Fuzzed input of clients: each is parsed or refused without a crash.
@Suite struct BodyFuzzTests {
    private static let rounds = 2000 * TestSeed.times

    @Test func `a fuzzed JSON body is malformed or an object`() {
        var mutator = Mutator(seed: TestSeed.value)
        let whole = Array(
            #"{"email":"a@example.org","password":"x","token":{"client_id":"c","id_token":"e"},"n":1.5}"#.utf8
        )
        var read = 0
        for round in 0..<Self.rounds {
            do throws(InputRefused) {
                let body = try JSONBody(ByteBuffer(bytes: mutator.mutate(whole)))
                read += 1
                _ = try body.read { reader in
                    (
                        reader.required("email"), reader.password("password"), reader.bool("remember"),
                        reader.requiredTexts("list"), reader.token("token") { $0.text("id_token") }
                    )
                }
            } catch {
                #expect(!error.refusals.isEmpty, "seed \(TestSeed.value), round \(round)")
            }
        }
        #expect(read > Self.rounds / 50, "seed \(TestSeed.value)")
    }

    @Test func `a fuzzed form is refused or has texts without NUL`() {
        var mutator = Mutator(seed: TestSeed.value)
        let whole = Array("login=a%40example.org&password=b+c%C3%A9&next=%2Fx&empty=&flag".utf8)
        for round in 0..<Self.rounds {
            guard let form = try? FormBody(ByteBuffer(bytes: mutator.mutate(whole))) else { continue }
            let texts = form.all.flatMap { [$0.key, $0.value] }
            #expect(texts.allSatisfy { !$0.utf8.contains(0) }, "seed \(TestSeed.value), round \(round)")
        }
    }

    @Test func `a fuzzed client address is refused or returned in canonical form`() {
        var mutator = Mutator(seed: TestSeed.value)
        for round in 0..<Self.rounds {
            for text in ["192.0.2.17:443", "[2001:db8::17]:443", "::ffff:192.0.2.1"] {
                let address = mutator.mutate(text)
                guard let canonical = ClientAddress.canonical(address) else { continue }
                #expect(
                    ClientAddress.canonical(canonical) == canonical,
                    "seed \(TestSeed.value), round \(round): \(address)")
            }
        }
    }
}
