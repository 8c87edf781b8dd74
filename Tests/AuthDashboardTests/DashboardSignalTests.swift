// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Hummingbird
import Testing

@testable import AuthDashboard

@Suite struct DashboardSignalTests {
    private func record(_ sequence: Int64, _ state: OutboxRecord.State = .pending) -> OutboxRecord {
        OutboxRecord(
            state: state, row: OutboxRow(sequence: sequence, draft: .test(Int(sequence))),
            settledAt: state == .pending ? nil : Date(timeIntervalSince1970: 1_795_420_801))
    }

    private func emit(_ numbers: Range<Int>, _ browser: DashboardBrowser) async throws {
        _ = try await browser.store.transaction { transaction in
            for number in numbers { try transaction.emit(TestSignal(number: number)) }
        }
    }

    @Test func `a stream shows an emitted signal and then its confirmation`() async throws {
        // Slow enough that the stream is read before its buffer is full.
        let browser = try DashboardBrowser(interval: .milliseconds(100))
        let response = try await browser.send(.get, "/dashboard/events")
        #expect(response.headers[.contentType] == "text/event-stream")
        let written = Locked("")
        let reading = Task { try await response.body.write(CollectingWriter(written: written)) }
        defer { reading.cancel() }
        try await eventually("a first state") { written.value.contains("event: state") }
        #expect(written.value.contains(#""in_flight":7"#))
        try await emit(1..<2, browser)
        try await eventually("the signal") { written.value.contains(#""state":"pending""#) }
        try await browser.store.settle([
            OutboxSettlement(sequence: 1, result: .confirmed, at: Date())
        ])
        try await eventually("its confirmation") { written.value.contains(#""state":"confirmed""#) }
        reading.cancel()
        try await eventually("the stream is closed") { await browser.dashboard.feed.count == 0 }
    }

    @Test func `streams are bounded, and a slow client is dropped`() async throws {
        // Slow enough that none is dropped before all are open.
        let browser = try DashboardBrowser(interval: .milliseconds(100))
        let feed = browser.dashboard.feed
        for _ in 1...SignalFeed.mostStreams { #expect(await feed.open() != nil) }
        #expect(await feed.open() == nil)
        #expect(try await browser.send(.get, "/dashboard/events").status == .serviceUnavailable)
        // They are not read, so all of them are dropped when their buffers are full.
        try await eventually("all streams are dropped") { await feed.count == 0 }
        let stream = try #require(await feed.open())
        await feed.close(stream.id)
    }

    @Test func `a burst is sampled, and the rest is counted`() {
        var state = FeedState(deletesConfirmed: false)
        _ = state.sample(changed: [], recent: [], emitted: 0)
        _ = state.rates(
            OutboxStatus(pending: 0, oldestPending: nil, unrouted: 0, parked: 0, confirmed: 0, emitted: 0),
            at: 1)
        let newest = (4951...5000).reversed().map { record(Int64($0)) }
        let (signals, dropped) = state.sample(changed: [], recent: newest, emitted: 5000)
        #expect(signals.map(\.sequence) == Array(4951...5000))
        #expect(dropped == 4950)
        let status = OutboxStatus(
            pending: 0, oldestPending: nil, unrouted: 0, parked: 0, confirmed: 2500, emitted: 5000)
        #expect(state.rates(status, at: 2) == StateEvent.Rates(emitted: 5000, confirmed: 2500))

        let changed = (4951...5000).map { record(Int64($0), .confirmed) }
        let second = state.sample(changed: changed, recent: newest, emitted: 5000)
        #expect(second.signals.count == 25)
        #expect(second.signals.allSatisfy { $0.state == .confirmed && $0.confirmMilliseconds == 1000 })
        #expect(second.dropped == 0)
        #expect(state.watched.count == 25)
    }

    @Test func `a deleted row counts as confirmed only if the store keeps no confirmed rows`() {
        for deletes in [true, false] {
            var state = FeedState(deletesConfirmed: deletes)
            _ = state.sample(changed: [], recent: [record(1)], emitted: 1)
            let (signals, _) = state.sample(changed: [], recent: [], emitted: 1)
            #expect(signals.map(\.state) == (deletes ? [.confirmed] : []))
            #expect(state.watched == [])
        }
    }

    @Test func `lists signals newest first, page by page, and by state`() async throws {
        let browser = try DashboardBrowser()
        try await emit(1..<6, browser)
        try await browser.store.settle([
            OutboxSettlement(sequence: 2, result: .parked(reason: "no"), at: Date())
        ])
        let page = try await browser.json("/dashboard/signals?limit=2")
        #expect(page["more"] == true)
        guard case .array(let signals)? = page["signals"] else { return #expect(Bool(false)) }
        #expect(signals.map { $0["sequence"] } == [.integer(5), .integer(4)])
        let parked = try await browser.json("/dashboard/signals?state=parked&name=happened")
        #expect(parked["more"] == false)
        guard case .array(let found)? = parked["signals"] else { return #expect(Bool(false)) }
        #expect(found.map { $0["sequence"] } == [.integer(2)])
    }

    @Test func `a signal opens to its message and history, and can be published again`() async throws {
        let browser = try DashboardBrowser()
        try await emit(1..<2, browser)
        try await browser.store.settle([
            OutboxSettlement(sequence: 1, result: .parked(reason: "too large"), at: Date())
        ])
        let record = try #require(try await browser.store.outboxRecords(numbered: [1]).first)
        let id = record.row.draft.id.wireText
        let signal = try await browser.json("/dashboard/signals/\(id)?sequence=1")
        #expect(signal["state"] == "parked")
        #expect(signal["broker_text"] == "too large")
        #expect(signal["message"]?["data"]?["number"] == 1)
        guard case .array(let history)? = signal["history"] else { return #expect(Bool(false)) }
        #expect(history.map { $0["event"] } == ["emitted", "parked"])

        // With a number the history is not searched.
        let other = "/dashboard/signals/\(id)?sequence=2"
        #expect(try await browser.send(.get, other).status == .notFound)
        let wrong = try await browser.act("/dashboard/signals/\(id)/republish?sequence=2")
        #expect(wrong.status == .notFound)
        #expect(try await browser.send(.get, "/dashboard/signals/\(id)").status == .ok)

        #expect(try await browser.act("/dashboard/signals/\(id)/republish?sequence=1").status == .ok)
        #expect(try await browser.store.status().parked == 0)
        #expect(try await browser.send(.get, "/dashboard/signals/\(UUID().wireText)").status == .notFound)
        #expect(try await browser.send(.get, "/dashboard/signals/1").status == .badRequest)
    }

    @Test func `dead letters are listed, requeued and deleted`() async throws {
        let browser = try DashboardBrowser()
        guard case .array(let letters)? = try await browser.json("/dashboard/dead/mail")["messages"] else {
            return #expect(Bool(false))
        }
        #expect(letters.map { $0["id"] } == ["one", "two"])
        #expect(try await browser.send(.get, "/dashboard/dead/other").status == .notFound)
        #expect(try await browser.act("/dashboard/dead/mail/two/requeue").status == .ok)
        #expect(await browser.letters.requeued == ["two"])
        #expect(try await browser.act("/dashboard/dead/mail/two/drop").status == .notFound)
    }
}
