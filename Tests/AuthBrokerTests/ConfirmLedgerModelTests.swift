// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@testable import AuthBroker

/// The ledger against a model so simple that it cannot be wrong: a dictionary of what each number became.
@Suite struct ConfirmLedgerModelTests {
    private struct Model {
        var open: [UInt64: Bool] = [:]  // whether it was sent back
        var next: UInt64 = 1

        mutating func settle(_ tag: UInt64, multiple: Bool, _ outcome: String) -> [String] {
            guard tag >= 1, tag < next else { return [] }
            let tags = open.keys.filter { multiple ? $0 <= tag : $0 == tag }.sorted()
            return tags.map { "\($0) \(open.removeValue(forKey: $0) == true ? "returned 312" : outcome)" }
        }

        mutating func close() -> [String] {
            defer { self = Model() }
            return open.keys.sorted().map { "\($0) \(open[$0] == true ? "returned 312" : "unknown")" }
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `random words settle what the model says`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ledger = ConfirmLedger<UInt64>()
        var model = Model()
        for step in 0..<20_000 {
            var expected: [String] = []
            var settled: [ConfirmLedger<UInt64>.Settled] = []
            let tag = random.next() % (model.next + 2)
            let multiple = Bool.random(using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<55:
                if model.open.count < 300 {
                    ledger.published(model.next, as: model.next, at: .now)
                    model.open[model.next] = false
                    model.next += 1
                }
            case 55..<80:
                settled = ledger.confirmed(tag, multiple: multiple)
                expected = model.settle(tag, multiple: multiple, "confirmed")
            case 80..<88:
                settled = ledger.nacked(tag, multiple: multiple && step % 4 == 0)
                expected = model.settle(tag, multiple: multiple && step % 4 == 0, "nacked")
            case 88..<99:
                let isOpen = model.open[tag] == false
                #expect(ledger.returned(code: 312, text: "") { $0 == tag } == isOpen)
                if isOpen { model.open[tag] = true }
            default:
                settled = ledger.closed("lost")
                expected = model.close()
            }
            let found = settled.map { "\($0.item) \($0.outcome.word)" }
            guard found == expected, ledger.outstanding == model.open.count else {
                Issue.record("seed \(seed), step \(step): \(found) instead of \(expected)")
                return
            }
            #expect(ledger.span == (model.open.keys.min().map { Int(model.next - $0) } ?? 0))
        }
    }
}
