// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@testable import AuthRelay

/// How the relay identifies the row because of which the broker closes the channel, and what happens to the others.
@Suite struct RelaySuspectsTests {
    private static let topic =
        "ACCESS_REFUSED - access to topic 'testing.bad' in exchange 'auth.signals' refused"
    private static let exchange = "ACCESS_REFUSED - access to exchange 'auth.signals' in vhost '/' refused"
    private static let size =
        "PRECONDITION_FAILED - message size 40000 is larger than configured max size 16384"

    /// Rows numbered from 1; a bad one has the name `testing.bad`.
    private func rows(
        _ count: Int64, bad: Set<Int64> = [], subject: (Int64) -> String? = { "person-\($0)" }
    ) -> [OutboxRow] {
        (1...count).map { sequence in
            let name: SignalName = bad.contains(sequence) ? "testing.bad" : TestSignal.name
            return OutboxRow(
                sequence: sequence, draft: .test(Int(sequence), name: name, subject: subject(sequence)))
        }
    }

    private static func closing(_ code: Int, _ text: String) -> (OutboxRow, Int) -> PublishOutcome {
        { row, _ in row.draft.name == "testing.bad" ? .closed(code: code, text: text) : .confirmed }
    }

    /// The rows because of which the broker closes the channel, and the reply.
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var code: Int
        var text: String
        var count: Int64 = 24
        var bad: Set<Int64>
        /// `nil`: each row has its own subject.
        var subject: String?
    }

    static let cases = [
        Case(testDescription: "a refused topic", code: 403, text: topic, bad: [10]),
        Case(testDescription: "the first row", code: 403, text: topic, bad: [1]),
        Case(testDescription: "the last row", code: 403, text: topic, bad: [24]),
        Case(testDescription: "the only row", code: 406, text: size, count: 1, bad: [1]),
        Case(testDescription: "rows of one user", code: 403, text: topic, bad: [3, 4, 9], subject: "ada"),
        Case(
            testDescription: "three large rows of one user", code: 406, text: size, bad: [1, 2, 3],
            subject: "ada"),
        Case(testDescription: "a content too large", code: 311, text: "CONTENT_TOO_LARGE", bad: [7]),
        Case(testDescription: "an internal error of the broker", code: 541, text: "INTERNAL_ERROR", bad: [7]),
        Case(testDescription: "one row of two pages", code: 406, text: size, count: 1200, bad: [700]),
        Case(testDescription: "half of the rows", code: 406, text: size, count: 40, bad: Set(1...20)),
        Case(
            testDescription: "many rows, without a telling reply text", code: 541, text: "?",
            bad: [1, 2, 3, 4, 5, 20]),
    ]

    @Test(arguments: cases)
    func
        `rows that close the channel are parked with the broker's text, the others are confirmed in order`(
            _ one: Case
        )
    {
        let rows = rows(one.count, bad: one.bad) { one.subject ?? "person-\($0)" }
        var script = RelayScript(rows, answer: Self.closing(one.code, one.text))
        script.run()
        #expect(script.pending == [:])
        #expect(script.parked == one.bad.reduce(into: [:]) { $0[$1] = one.text })
        #expect(Set(script.confirmed) == Set(1...one.count).subtracting(one.bad))
        #expect(Set(script.confirmed).count == script.confirmed.count)
        #expect(script.suspects == [])
        if one.subject != nil { #expect(script.confirmed == script.confirmed.sorted()) }
        // Each was published alone before it was parked, and is named.
        let named = script.logEvents.compactMap { event -> UUID? in
            if case .suspected(let signal, _, _) = event { signal.id } else { nil }
        }
        let ids = Set(rows.filter { one.bad.contains($0.sequence) }.map(\.draft.id))
        #expect(Set(named) == ids)
    }

    @Test func `counts a suspect's attempts, and parks it after it closed the channel three times alone`() {
        var script = RelayScript(rows(1, bad: [1]), answer: Self.closing(403, Self.topic))
        script.run(closings: 2)
        script.run(closings: 2, seconds: 1)
        #expect(script.pending == [1: 1])
        #expect(script.suspects.map(\.closings) == [2])
        #expect(script.suspects.map(\.reason) == [Self.topic])
        script.run()
        #expect(script.closings == 3)
        #expect(script.parked == [1: Self.topic])
    }

    @Test func `only rows that were in flight at two channel closes are published one at a time`() {
        var script = RelayScript(rows(6, bad: [3]), answer: Self.closing(406, Self.size))
        script.run()
        #expect(script.published.prefix(2) == [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6]])
        #expect(script.published.dropFirst(2) == [[3], [4], [5], [6], [3], [3]])
        #expect(script.logEvents.contains(.isolated(4)))
    }

    @Test
    func `a broker that refuses everything parks no row, is retried less often, and gets all rows later`() {
        let answer: (OutboxRow, Int) -> PublishOutcome = { _, closings in
            closings < 60 ? .closed(code: 403, text: Self.exchange) : .confirmed
        }
        var script = RelayScript(rows(8) { $0.isMultiple(of: 2) ? "ada" : "bob" }, answer: answer)
        script.run(closings: 60)
        #expect(script.parked == [:])
        #expect(script.pending.count == 8)
        #expect(script.pauses.last == .seconds(30))
        script.run()
        #expect(script.parked == [:])
        #expect(script.confirmed.filter { $0.isMultiple(of: 2) } == [2, 4, 6, 8])
        #expect(script.confirmed.filter { !$0.isMultiple(of: 2) } == [1, 3, 5, 7])
    }

    @Test func `parks at most three rows if the broker refuses every message`() {
        let answer: (OutboxRow, Int) -> PublishOutcome = { row, closings in
            closings < 100
                ? .closed(code: 403, text: "access to topic '\(row.draft.name)' in exchange") : .confirmed
        }
        var script = RelayScript(rows(20), answer: answer)
        script.run()
        #expect(script.parked.count == 3)
        #expect(script.confirmed.count == 17)
    }

    @Test func `a connection lost without a channel close makes no row suspect`() {
        let answer: (OutboxRow, Int) -> PublishOutcome = { row, closings in
            closings < 20 ? .unknown("reset by peer") : .confirmed
        }
        var script = RelayScript(rows(1), answer: answer)
        script.run()
        #expect(script.parked == [:])
        #expect(script.confirmed == [1])
        #expect(script.logEvents.allSatisfy { if case .suspected = $0 { false } else { true } })
    }

    @Test func `a suspect that the broker finally accepts is confirmed, and its subject continues`() {
        let answer: (OutboxRow, Int) -> PublishOutcome = { row, closings in
            row.sequence == 1 && closings < 2 ? .closed(code: 403, text: Self.topic) : .confirmed
        }
        var script = RelayScript(rows(3, bad: [1]) { _ in "ada" }, answer: answer)
        script.run()
        #expect(script.confirmed == [1, 2, 3])
        #expect(script.suspects == [])
    }
}
