// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import GRDB
import Testing

/// The index of subjects is ordered by block of 4,096 numbers first.
@Suite struct SubjectRowsTests {
    private static let numbers: [Int64] = [
        1, 2, 3, 4095, 4096, 4097, 8191, 8192, 20_000, 20_001, 1 << 40, .max,
    ]

    /// Rows with these numbers, of two subjects in turn.
    private func store() async throws -> SQLiteStore {
        let store = try SQLiteStore.test()
        for index in Self.numbers.indices {
            try await store.emit(index, of: index.isMultiple(of: 2) ? "ada" : "bob")
        }
        try await store.transaction { transaction in
            // From the last one on, since each moves to a higher number.
            for (index, number) in Self.numbers.enumerated().reversed() {
                try transaction.database.execute(
                    sql: "UPDATE auth_outbox SET sequence = ? WHERE sequence = ?",
                    arguments: [number, index + 1])
            }
        }
        return store
    }

    private func expected(_ subject: String, after number: Int64) -> [Int64] {
        Self.numbers.enumerated().filter { index, candidate in
            index.isMultiple(of: 2) == (subject == "ada") && candidate > number
        }.map(\.element)
    }

    @Test(arguments: ["ada", "bob", "eve"])
    func `finds the rows of a subject after any number, in order`(_ subject: String) async throws {
        let store = try await store()
        for after in [Int64.min, -1, 0] + Self.numbers {
            let wanted = subject == "eve" ? [] : expected(subject, after: after)
            for limit in [1, 2, 100] {
                let found = try await store.rows(ofSubject: subject, after: after, limit: limit)
                #expect(
                    found.map(\.sequence) == Array(wanted.prefix(limit)), "after \(after), limit \(limit)")
            }
        }
    }

    @Test func `an operator finds the pending rows of a subject`() async throws {
        let store = try await store()
        let records = try await store.outboxRecords(OutboxFilter([.pending], subject: "ada"))
        #expect(records.map(\.row.sequence) == expected("ada", after: 0))
        #expect(try await store.outboxRecords(OutboxFilter([.pending], subject: "eve")).isEmpty)
    }
}
