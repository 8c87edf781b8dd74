// SPDX-License-Identifier: Apache-2.0
import Testing
import ToolSupport

@testable import AuthBroker

@Suite struct SettlementLedgerTests {
    /// Five messages are delivered with the tags 1 to 5; then the settlements, and the frames that send them.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var acknowledged: [UInt64] = []
        var released: [UInt64] = []
        var rejected: [UInt64] = []
        var commands: [SettlementLedger.Command]
    }

    static let rows = [
        Row(testDescription: "nothing", commands: []),
        Row(testDescription: "the first", acknowledged: [1], commands: [.acknowledge(1, multiple: false)]),
        Row(
            testDescription: "the first ones in any order", acknowledged: [3, 1, 2],
            commands: [.acknowledge(3, multiple: true)]),
        Row(
            testDescription: "with a gap: no multiple ack covers a delivery in flight",
            acknowledged: [1, 2, 4, 5],
            commands: [
                .acknowledge(2, multiple: true), .acknowledge(4, multiple: false),
                .acknowledge(5, multiple: false),
            ]),
        Row(
            testDescription: "the first is in flight", acknowledged: [2, 3],
            commands: [.acknowledge(2, multiple: false), .acknowledge(3, multiple: false)]),
        Row(
            testDescription: "a release is sent before a multiple ack that covers its tag",
            acknowledged: [1, 3], released: [2], commands: [.release(2), .acknowledge(3, multiple: true)]),
        Row(
            testDescription: "a rejection at the end", acknowledged: [1, 2], rejected: [3],
            commands: [.reject(3), .acknowledge(2, multiple: true)]),
        Row(
            testDescription: "a second settlement is ignored", acknowledged: [1, 1], released: [1],
            commands: [.acknowledge(1, multiple: false)]),
        Row(testDescription: "tags that were never delivered", acknowledged: [0, 6, 99], commands: []),
    ]

    @Test(arguments: rows)
    func `settlements are sent in the fewest correct frames`(_ row: Row) throws {
        var ledger = SettlementLedger()
        for tag in 1...5 as ClosedRange<UInt64> { try ledger.delivered(tag) }
        for tag in row.acknowledged { ledger.settle(tag, .acknowledge) }
        for tag in row.released { ledger.settle(tag, .release) }
        for tag in row.rejected { ledger.settle(tag, .reject) }
        #expect(ledger.commands(isWhole: true) == row.commands)
        #expect(ledger.pending == 0)
        #expect(ledger.commands(isWhole: true) == [])
    }

    @Test func `acks out of order wait for the tags before them, unless all are requested`()
        throws
    {
        var ledger = SettlementLedger()
        for tag in 1...6 as ClosedRange<UInt64> { try ledger.delivered(tag) }
        for tag in [1, 2, 4, 6] as [UInt64] { ledger.settle(tag, .acknowledge) }
        #expect(ledger.commands(isWhole: false) == [.acknowledge(2, multiple: true)])
        #expect(ledger.pending == 2)
        #expect(ledger.commands(isWhole: false) == [])
        ledger.settle(3, .acknowledge)
        #expect(ledger.commands(isWhole: false) == [.acknowledge(4, multiple: true)])
        #expect(ledger.commands(isWhole: true) == [.acknowledge(6, multiple: false)])
        ledger.settle(5, .acknowledge)
        #expect(ledger.commands(isWhole: false) == [.acknowledge(5, multiple: false)])
        #expect(ledger.pending == 0)
    }

    @Test(arguments: [0, 1, 3, 5, 6, 1 << 32, 1 << 63, UInt64.max])
    func `an unexpected delivery tag is a protocol error and changes nothing`(_ tag: UInt64) throws {
        var ledger = SettlementLedger()
        for tag in 1...3 as ClosedRange<UInt64> { try ledger.delivered(tag) }
        let error = #expect(throws: BrokerError.self) { try ledger.delivered(tag) }
        #expect(error?.code == .protocolError)
        #expect(error?.message.contains("tag \(tag) instead of 4") == true)
        ledger.settle(tag, .acknowledge)
        ledger.settle(2, .acknowledge)
        let isOpen = (1...3).contains(tag)
        #expect(ledger.pending == (isOpen ? 2 : 1))
        try ledger.delivered(4)
    }

    @Test(arguments: TestSeed.many(20))
    func `random settlements are each sent once, and none for a delivery in flight`(_ seed: UInt64)
        throws
    {
        var random = SeededGenerator(seed: seed)
        var ledger = SettlementLedger()
        var decided: [UInt64: SettlementLedger.Settlement] = [:]
        var open: Set<UInt64> = []
        var unknownToBroker: Set<UInt64> = []
        var next: UInt64 = 1
        for _ in 0..<5_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4 where open.count < 200:
                try ledger.delivered(next)
                open.insert(next)
                unknownToBroker.insert(next)
                next += 1
            case 4..<9:
                guard let tag = open.randomElement(using: &random) else { continue }
                let settlement =
                    [.acknowledge, .acknowledge, .acknowledge, .release, .reject]
                    .randomElement(using: &random) ?? SettlementLedger.Settlement.acknowledge
                ledger.settle(tag, settlement)
                open.remove(tag)
                decided[tag] = settlement
            default:
                let isWhole = Bool.random(using: &random)
                for command in ledger.commands(isWhole: isWhole) {
                    switch command {
                    case .acknowledge(let tag, multiple: false):
                        #expect(decided[tag] == .acknowledge)
                        #expect(unknownToBroker.remove(tag) != nil)
                    case .acknowledge(let tag, multiple: true):
                        let all = unknownToBroker.filter { $0 <= tag }
                        #expect(all.allSatisfy { decided[$0] == .acknowledge })
                        unknownToBroker.subtract(all)
                    case .release(let tag):
                        #expect(decided[tag] == .release)
                        #expect(unknownToBroker.remove(tag) != nil)
                    case .reject(let tag):
                        #expect(decided[tag] == .reject)
                        #expect(unknownToBroker.remove(tag) != nil)
                    }
                }
                let waiting = unknownToBroker.subtracting(open)
                #expect(waiting.count == ledger.pending)
                #expect(waiting.allSatisfy { decided[$0] == .acknowledge })
                #expect(isWhole ? waiting.isEmpty : waiting.allSatisfy { $0 > open.min() ?? 0 })
            }
        }
    }
}
