// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing
import ToolSupport

@testable import AuthBroker

/// Compares the ledger with a simple model: the unconfirmed delivery tags in order, and which of them were returned.
/// A million random acks, nacks, returns and closes, in windows of several sizes.
@Suite struct ConfirmLedgerModelTests {
    private struct Model {
        var open: [UInt64] = []
        var returned: Set<UInt64> = []
        var next: UInt64 = 1

        mutating func settle(_ tag: UInt64, multiple: Bool, _ outcome: PublishOutcome) -> [Settled] {
            let tags = open.filter { multiple ? $0 <= tag : $0 == tag }
            guard tag < next, !tags.isEmpty else { return [] }
            open.removeAll { multiple ? $0 <= tag : $0 == tag }
            return tags.map { Settled(tag: $0, outcome: returned.remove($0) == nil ? outcome : Self.back) }
        }

        mutating func close(_ outcome: PublishOutcome) -> [Settled] {
            defer { self = Model() }
            return open.map { Settled(tag: $0, outcome: returned.contains($0) ? Self.back : outcome) }
        }

        static let back = PublishOutcome.returned(code: 312, text: "NO_ROUTE")
    }

    private struct Settled: Equatable {
        var tag: UInt64
        var outcome: PublishOutcome
    }

    @Test(arguments: TestSeed.many(20))
    func `random events settle the same tags as the model`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ledger = ConfirmLedger<UInt64>()
        var model = Model()
        let window = [3, 8, 24, 64][Int(seed % 4)]
        // Each step is one event from the broker; publishing in between is not counted as a step.
        for step in 0..<50_000 {
            while model.open.count < window, random.next() % 3 != 0 {
                ledger.published(model.next, at: .now)
                model.open.append(model.next)
                model.next += 1
            }
            // Includes tags that were never published and tags that were settled long ago.
            let back = min(model.next + 1, UInt64(2 * window))
            let tag = model.next + 1 - random.next() % (back + 1)
            let multiple = random.next() % 4 == 0
            let wasNeverGiven = tag == 0 || tag >= model.next
            var wasRefused = false
            var expected: [Settled] = []
            var settled: [ConfirmLedger<UInt64>.Settled] = []
            let word = random.next() % 100
            switch word {
            case 0..<60:
                do { settled = try ledger.confirmed(tag, multiple: multiple) } catch { wasRefused = true }
                expected = model.settle(tag, multiple: multiple, .confirmed)
            case 60..<80:
                do { settled = try ledger.nacked(tag, multiple: multiple) } catch { wasRefused = true }
                expected = model.settle(tag, multiple: multiple, .nacked)
            case 80..<99:
                let isOpen = model.open.contains(tag) && !model.returned.contains(tag)
                let wasFound = ledger.returned(code: 312, text: "NO_ROUTE") { $0 == tag }
                if isOpen { model.returned.insert(tag) }
                guard wasFound == isOpen else {
                    Issue.record("seed \(seed), step \(step): wrong result for the return of \(tag)")
                    return
                }
            default:
                settled = ledger.closed("lost")
                expected = model.close(.unknown("lost"))
            }
            let found = settled.map { Settled(tag: $0.item, outcome: $0.outcome) }
            let span = model.open.first.map { Int(model.next - $0) } ?? 0
            guard wasRefused == (word < 80 && wasNeverGiven), found == expected,
                ledger.outstanding == model.open.count, ledger.span == span
            else {
                Issue.record("seed \(seed), step \(step): \(found) instead of \(expected)")
                return
            }
        }
    }
}
