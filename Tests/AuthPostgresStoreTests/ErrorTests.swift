// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthStore
import Testing

@testable import AuthPostgresStore

@Suite struct ErrorTests {
    @Test(arguments: [
        ("PostgreSQL: terminating connection (57P01)", "PostgreSQL: terminating connection (57P01)"),
        ("the connection was lost", "PostgreSQL: the connection was lost"),
    ])
    func `a store's error names PostgreSQL and the state once`(message: String, expected: String) {
        let cause = StoreError.cause(of: PostgresError(.unreachable, message, state: "57P01"))
        #expect((cause as? StoreError)?.message == expected)
        #expect((cause as? StoreError)?.code == .unreachable)
    }

    @Test func `a refused option of the URL is a refusal of the store`() {
        let cause = StoreError.cause(
            of: PostgresError(.refused, "the server refused it (42704)", state: "42704"))
        #expect((cause as? StoreError)?.code == .refused)
    }
}
