// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

extension OutboxConformance {
    static let reading: [Sentence] = [
        Sentence("A committed signal is pending with an unchanged draft") { subject in
            var draft = SignalDraft.test(7, name: "billing.invoice_paid", subject: "someone")
            draft.trace = ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]
            try await subject.commit([draft])
            let rows = try await subject.all()
            #expect(rows.map(\.draft) == [draft])
            #expect(rows.map(\.attempts) == [0])
        },
        Sentence("A rolled-back signal leaves no row") { subject in
            try await subject.rollBack([.test(1), .test(2)])
            try await subject.commit([.test(3)])
            let rows = try await subject.all()
            #expect(rows.count == 1)
            #expect(try await subject.outbox.status().pending == 1)
        },
        Sentence("Rows are numbered and read in commit order, page by page") { subject in
            let drafts = (1...23).map { SignalDraft.test($0) }
            for draft in drafts.prefix(3) { try await subject.commit([draft]) }
            try await subject.commit(Array(drafts.dropFirst(3)))
            for limit in [1, 5, 23, 100] {
                let rows = try await subject.all(limit: limit)
                #expect(rows.map(\.draft.id) == drafts.map(\.id), "in pages of \(limit)")
                #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
            }
        },
        Sentence("A sequence number is not reused after its row is settled") { subject in
            let first = try await subject.rows(2)
            try await subject.settle(first, .confirmed)
            let second = try await subject.rows(1)
            #expect(try #require(second.first).sequence > first[1].sequence)
        },
        Sentence("A read after the last row returns no rows and does not move the cursor") { subject in
            let rows = try await subject.rows(2)
            let page = try await subject.outbox.rows(
                after: rows[1].sequence, limit: 10, now: Subject.now)
            #expect(page.rows.isEmpty)
            #expect(page.cursor == rows[1].sequence)
            #expect(!page.hasMore)
        },
        Sentence("A read says whether rows may follow, also if it returns fewer because some are not due") {
            subject in
            let rows = try await subject.rows(3)
            try await subject.settle(
                [rows[0]], .retry(at: Subject.now.addingTimeInterval(60), reason: "nacked"))
            let first = try await subject.outbox.rows(
                after: rows[0].sequence - 1, limit: 2, now: Subject.now)
            #expect(first.rows == [rows[1]])
            #expect(first.hasMore)
            let last = try await subject.outbox.rows(after: first.cursor, limit: 2, now: Subject.now)
            #expect(last.rows == [rows[2]])
            #expect(!last.hasMore)
        },
        Sentence("Reading a subject after a sequence number returns its rows in order, and no others") {
            subject in
            let mine = try await subject.rows(2, subject: "a")
            _ = try await subject.rows(1, subject: "b")
            _ = try await subject.rows(1)
            let more = try await subject.rows(2, subject: "a")
            let found = try await subject.outbox.rows(ofSubject: "a", after: mine[0].sequence, limit: 2)
            #expect(found == [mine[1], more[0]])
            let none = try await subject.outbox.rows(ofSubject: "a", after: more[1].sequence, limit: 2)
            #expect(none.isEmpty)
        },
    ]

    static let settling: [Sentence] = [
        Sentence("A row stays pending until it is settled") { subject in
            let rows = try await subject.rows(4)
            try await subject.settle([rows[0]], .confirmed)
            try await subject.settle([rows[1]], .unrouted)
            try await subject.settle([rows[2]], .parked(reason: "refused"))
            #expect(try await subject.all(now: .distantFuture) == [rows[3]])
            let status = try await subject.outbox.status()
            #expect(status.pending == 1)
            #expect(status.confirmed == 1)
            #expect(status.unrouted == 1)
            #expect(status.parked == 1)
            #expect(status.emitted == 4)
            #expect(status.oldestPending == rows[3].draft.time)
        },
        Sentence("Settling a row that was already settled is ignored") { subject in
            let rows = try await subject.rows(2)
            try await subject.settle(rows, .confirmed)
            try await subject.settle(rows, .retry(at: Subject.now, reason: "nacked"))
            try await subject.settle(rows, .unrouted)
            #expect(try await subject.all(now: .distantFuture).isEmpty)
            let status = try await subject.outbox.status()
            #expect(status.confirmed == 2)
            #expect(status.unrouted == 0)
            #expect(status.oldestPending == nil)
        },
    ]

    static let settingBack: [Sentence] = [
        Sentence("A deferred row is not read before it is due, and the cursor moves past it") {
            subject in
            let rows = try await subject.rows(3)
            try await subject.settle([rows[0], rows[2]], .retry(at: Subject.later, reason: "nacked"))
            #expect(try await subject.all().map(\.sequence) == [rows[1].sequence])
            var cursor: Int64 = 0
            while true {
                let page = try await subject.outbox.rows(after: cursor, limit: 1, now: Subject.now)
                if page.cursor == cursor { break }
                cursor = page.cursor
            }
            #expect(cursor == rows[2].sequence)
            #expect(try await subject.outbox.status().pending == 3)
        },
        Sentence("A deferred row is read when it is due, with its attempts counted") { subject in
            let rows = try await subject.rows(3)
            try await subject.settle([rows[1]], .retry(at: Subject.later, reason: "nacked"))
            let due = try await subject.all(now: Subject.later)
            #expect(due.map(\.sequence) == rows.map(\.sequence))
            #expect(due.map(\.attempts) == [0, 1, 0])
            try await subject.settle([rows[1]], .retry(at: Subject.later, reason: "nacked"))
            #expect(try await subject.all(now: Subject.later).map(\.attempts) == [0, 2, 0])
        },
        Sentence("Due rows are the deferred rows up to the cursor that are due, in order") {
            subject in
            let rows = try await subject.rows(4)
            let early = Subject.now.addingTimeInterval(-1)
            try await subject.settle([rows[2], rows[1]], .retry(at: early, reason: "nacked"))
            try await subject.settle([rows[0]], .retry(at: Subject.later, reason: "nacked"))
            func due(_ cursor: Int64, _ limit: Int, _ now: Date) async throws -> [Int64] {
                try await subject.outbox.dueRows(upTo: cursor, limit: limit, now: now).map(\.sequence)
            }
            #expect(try await due(rows[3].sequence, 10, Subject.now) == [rows[1].sequence, rows[2].sequence])
            #expect(try await due(rows[3].sequence, 1, Subject.now) == [rows[1].sequence])
            #expect(try await due(rows[1].sequence, 10, Subject.now) == [rows[1].sequence])
            #expect(try await due(.max, 10, .distantFuture) == rows.prefix(3).map(\.sequence))
        },
        Sentence("A row that was deferred while the clock was a day ahead is due now") { subject in
            let rows = try await subject.rows(3)
            let ahead = Subject.now.addingTimeInterval(86_400)
            try await subject.settle([rows[0]], .retry(at: ahead.addingTimeInterval(1), reason: "nacked"))
            let longest = Subject.now.addingTimeInterval(OutboxSettlement.longestWait)
            try await subject.settle([rows[1]], .retry(at: longest, reason: "nacked"))
            #expect(try await subject.all().map(\.sequence) == [rows[0].sequence, rows[2].sequence])
            let due = try await subject.outbox.dueRows(upTo: .max, limit: 10, now: Subject.now)
            #expect(due.map(\.sequence) == [rows[0].sequence])
        },
    ]
}
