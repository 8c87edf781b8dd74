// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@testable import AuthBroker

@Suite struct ConfirmLedgerTests {
    /// An event from the broker, or the loss of the connection.
    enum Word: Sendable {
        case ack(UInt64), ackAll(UInt64), nack(UInt64), nackAll(UInt64)
        /// The message with that name was returned.
        case back(String)
        case closed
    }

    /// Three messages `a`, `b`, `c` are published with the tags 1, 2, 3; then the broker's events, and what they
    /// settle.
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: [Word]
        var settled: [String]
        var outstanding: Int
    }

    static let rows = [
        Row(testDescription: "one ack", words: [.ack(1)], settled: ["a confirmed"], outstanding: 2),
        Row(
            testDescription: "acks out of order", words: [.ack(2), .ack(1), .ack(3)],
            settled: ["b confirmed", "a confirmed", "c confirmed"], outstanding: 0),
        Row(
            testDescription: "multiple ack", words: [.ackAll(2)],
            settled: ["a confirmed", "b confirmed"], outstanding: 1),
        Row(
            testDescription: "multiple ack over a tag that is already settled", words: [.ack(2), .ackAll(3)],
            settled: ["b confirmed", "a confirmed", "c confirmed"], outstanding: 0),
        Row(
            testDescription: "a nack among acks", words: [.nack(2), .ackAll(3)],
            settled: ["b nacked", "a confirmed", "c confirmed"], outstanding: 0),
        Row(
            testDescription: "multiple nack", words: [.ack(1), .nackAll(3)],
            settled: ["a confirmed", "b nacked", "c nacked"], outstanding: 0),
        Row(
            testDescription: "returned, then acked", words: [.back("b"), .ackAll(3)],
            settled: ["a confirmed", "b returned 312", "c confirmed"], outstanding: 0),
        Row(
            testDescription: "returned, not acked yet", words: [.back("b"), .ack(1)],
            settled: ["a confirmed"], outstanding: 2),
        Row(
            testDescription: "connection lost", words: [.ack(2), .closed],
            settled: ["b confirmed", "a unknown", "c unknown"], outstanding: 0),
        Row(
            testDescription: "returned, then connection lost", words: [.back("a"), .closed],
            settled: ["a returned 312", "b unknown", "c unknown"], outstanding: 0),
        Row(
            testDescription: "the same ack twice", words: [.ack(1), .ack(1), .ackAll(1)],
            settled: ["a confirmed"], outstanding: 2),
        Row(
            testDescription: "return of an unknown message", words: [.back("z"), .ack(1)],
            settled: ["a confirmed"], outstanding: 2),
    ]

    @Test(arguments: rows)
    func `each event settles the messages it refers to`(_ row: Row) throws {
        var ledger = ConfirmLedger<String>()
        for item in ["a", "b", "c"] {
            ledger.published(item, at: .now)
        }
        let settled = try row.words.flatMap { word in
            switch word {
            case .ack(let tag): return try ledger.confirmed(tag, multiple: false)
            case .ackAll(let tag): return try ledger.confirmed(tag, multiple: true)
            case .nack(let tag): return try ledger.nacked(tag, multiple: false)
            case .nackAll(let tag): return try ledger.nacked(tag, multiple: true)
            case .back(let name):
                ledger.returned(code: 312, text: "NO_ROUTE") { $0 == name }
                return []
            case .closed: return ledger.closed("lost")
            }
        }
        #expect(settled.map { "\($0.item) \($0.outcome.word)" } == row.settled)
        #expect(ledger.outstanding == row.outstanding)
    }

    @Test(arguments: [0, 4, 9, 1 << 63, UInt64.max], [false, true])
    func `a confirm for an unpublished tag is a protocol error and settles nothing`(
        _ tag: UInt64, _ multiple: Bool
    ) throws {
        var ledger = ConfirmLedger<String>()
        for item in ["a", "b", "c"] { ledger.published(item, at: .now) }
        let ack = #expect(throws: BrokerError.self) { try ledger.confirmed(tag, multiple: multiple) }
        let nack = #expect(throws: BrokerError.self) { try ledger.nacked(tag, multiple: multiple) }
        #expect([ack?.code, nack?.code] == [.protocolError, .protocolError])
        #expect(ledger.outstanding == 3)
        #expect(ledger.closed("lost").map(\.item) == ["a", "b", "c"])
        // Nothing is published on the new connection yet, so every tag is unknown.
        #expect(throws: BrokerError.self) { try ledger.confirmed(tag, multiple: multiple) }
    }

    @Test func `two returns of the same message are assigned to its copies in order`() throws {
        var ledger = ConfirmLedger<String>()
        for _ in 1...3 { ledger.published("same", at: .now) }
        #expect(ledger.returned(code: 312, text: "") { $0 == "same" })
        #expect(ledger.returned(code: 312, text: "") { $0 == "same" })
        let settled = try ledger.confirmed(3, multiple: true)
        #expect(settled.map(\.outcome.word) == ["returned 312", "returned 312", "confirmed"])
    }

    @Test func `oldest is the publish time of the first unconfirmed message`() throws {
        var ledger = ConfirmLedger<Int>()
        #expect(ledger.oldest == nil)
        let start = ContinuousClock.now
        for tag in 1...3 { ledger.published(tag, at: start + .seconds(tag)) }
        #expect(ledger.oldest == start + .seconds(1))
        _ = try ledger.confirmed(2, multiple: false)
        #expect(ledger.oldest == start + .seconds(1))
        _ = try ledger.confirmed(1, multiple: false)
        #expect(ledger.oldest == start + .seconds(3))
        #expect(ledger.span == 1)
        _ = try ledger.confirmed(3, multiple: false)
        #expect(ledger.oldest == nil)
    }

    @Test func `tags start at 1 again after a lost connection`() throws {
        var ledger = ConfirmLedger<String>()
        ledger.published("a", at: .now)
        _ = ledger.closed("lost")
        ledger.published("b", at: .now)
        #expect(try ledger.confirmed(1, multiple: false).map(\.item) == ["b"])
    }
}

extension PublishOutcome {
    /// The name of the outcome, with the reply code of a return.
    var word: String {
        switch self {
        case .confirmed: "confirmed"
        case .returned(let code, _): "returned \(code)"
        case .closed(let code, _): "closed \(code)"
        case .nacked: "nacked"
        case .unknown: "unknown"
        case .refused: "refused"
        }
    }
}
