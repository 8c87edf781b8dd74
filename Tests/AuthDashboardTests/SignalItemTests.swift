// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

@testable import AuthDashboard

@Suite struct SignalItemTests {
    private func item(trace: [String: String]) -> SignalItem {
        var row = OutboxRow(sequence: 1, draft: .test(1))
        row.draft.trace = trace
        return SignalItem(OutboxRecord(state: .pending, row: row))
    }

    @Test func `has the trace id of its traceparent`() throws {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736"
        let item = item(trace: ["traceparent": "00-\(id)-00f067aa0ba902b7-01"])
        #expect(item.traceID == id)
        let encoded = String(decoding: try JSONEncoder().encode(item), as: UTF8.self)
        #expect(encoded.contains("\"trace_id\":\"\(id)\""))
    }

    @Test func `is deferred until a time, and pending if it is published again at once`() {
        let row = OutboxRow(sequence: 1, draft: .test(1))
        func state(_ notBefore: Date?) -> SignalItem.State {
            SignalItem(OutboxRecord(state: .pending, row: row, notBefore: notBefore)).state
        }
        #expect(state(nil) == .pending)
        #expect(state(Date(timeIntervalSince1970: 0.001)) == .pending)
        #expect(state(Date()) == .deferred)
    }

    @Test(arguments: ["", "00", "00-short-00f067aa0ba902b7-01", "00-<script>alert(1)</script>00000000-0-01"])
    func `a traceparent of another form has no trace id`(text: String) {
        #expect(item(trace: ["traceparent": text]).traceID == nil)
        #expect(item(trace: [:]).traceID == nil)
    }
}
