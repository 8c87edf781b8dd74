// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import Foundation
import Testing
import ToolSupport

@Suite struct TokenFuzzTests {
    /// With seed 113 only unused bits of the last character differed.
    @Test(arguments: [TestSeed.value, 113])
    func `rejects every mutated token`(seed: UInt64) throws {
        let opener = TokenOpener(try TokenKeys(parsing: "2026-11:\(TokenOpenerTests.key)"))
        var mutator = Mutator(seed: seed)
        for round in 0..<(3000 * TestSeed.times) {
            let sealed = mutator.mutate(TokenOpenerTests.golden)
            guard sealed != TokenOpenerTests.golden else { continue }
            do {
                _ = try opener.open(sealed, event: TokenOpenerTests.event)
                Issue.record("seed \(seed), round \(round): opened \(sealed)")
            } catch {
                #expect(!error.message.contains("made-up"), "seed \(seed), round \(round)")
            }
        }
    }
}
