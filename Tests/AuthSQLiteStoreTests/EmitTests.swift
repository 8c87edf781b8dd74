// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct EmitTests {
    @Test func `numbers two thousand concurrent transactions of two pools in commit order`() async throws {
        let folder = try TemporaryFolder()
        let stores = [try await folder.store(), try await folder.store()]
        try await stores[0].transaction { transaction in
            try transaction.database.execute(
                sql: "CREATE TABLE turn (at INTEGER PRIMARY KEY, number INTEGER)")
        }
        try await withThrowingTaskGroup { group in
            for number in 0..<2000 {
                group.addTask {
                    try await stores[number % 2].transaction { transaction in
                        if number % 10 == 9 {
                            try transaction.emit(ThingHappened(-1))
                            throw Abandoned()
                        }
                        try transaction.database.execute(
                            sql: "INSERT INTO turn (number) VALUES (?)", arguments: [number])
                        try transaction.emit(ThingHappened(number))
                    }
                }
            }
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is Abandoned) { throw error }
            }
        }
        let rows = try await stores[0].pending()
        let turns = try await stores[1].read { reading in
            try Int.fetchAll(reading.database, sql: "SELECT number FROM turn ORDER BY at")
        }
        #expect(rows.count == 1800)
        #expect(rows.compactMap(\.number) == turns)
        #expect(Set(rows.map(\.draft.id)).count == 1800)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        #expect(try await stores[0].verifyOutbox().isWhole)
    }
}
