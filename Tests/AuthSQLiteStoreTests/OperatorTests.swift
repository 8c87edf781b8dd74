// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

private struct OtherHappened: Signal {
    static let name: SignalName = "other.thing_happened"
    var request = SignalRequest()
    var subject: String? { nil }
    enum CodingKeys: String, CodingKey { case request }
}

@Suite struct OperatorTests {
    let clock = FixedClock()
    let store: SQLiteStore
    var now: Date { clock.now() }

    /// 1 pending, 2 confirmed, 3 unrouted, 4 parked, 5 deferred, 6 another name; a second apart.
    init() async throws {
        store = try .test(clock: clock)
        for number in 1...5 {
            try await store.emit(number, of: "subject \(number)")
            clock.advance(by: .seconds(1))
        }
        try await store.transaction { transaction in try transaction.emit(OtherHappened()) }
        try await store.settle(.confirmed, 2, at: now)
        try await store.settle(.unrouted, 3, at: now)
        try await store.settle(.parked(reason: "no"), 4, at: now)
        try await store.settle(.retry(at: now + 100, reason: "nack"), 5)
    }

    @Test(arguments: [
        "DELETE FROM auth_outbox WHERE sequence = 1",
        "DELETE FROM auth_outbox_history WHERE sequence = 3",
        "UPDATE auth_outbox_count SET parked = 0, confirmed = 2",
        """
        INSERT INTO auth_outbox SELECT 4, message_id, name, schema_version, subject, time, correlation_id, 0, 0,
            NULL, NULL, data FROM auth_outbox_parked
        """,
    ])
    func `verification detects a manipulated store`(statement: String) async throws {
        #expect(try await store.verifyOutbox().isWhole)
        try await store.transaction { transaction in try transaction.database.execute(sql: statement) }
        let verification = try await store.verifyOutbox()
        #expect(!verification.isWhole)
        #expect(!verification.faults.isEmpty)
    }
}
