// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthStore
import PostgresSupport
import Testing

@testable import AuthPostgresStore

/// What a failure of the server means for the store's caller, and when to try again.
@Suite struct FailureTests {
    @Test(arguments: [
        (PostgresError.Code.refused, "28P01", StoreError.Code.refused, 30),
        (.refused, "42501", .refused, 30), (.refused, "3D000", .refused, 30),
        (.unreachable, "57P04", .unreachable, 1), (.busy, "53200", .busy, 1), (.full, "53100", .full, 30),
        (.inputOutput, "58030", .inputOutput, 30), (.damaged, "XX001", .damaged, 30),
    ])
    func `a failure of the server is temporary`(
        _ code: PostgresError.Code, _ state: String, _ expected: StoreError.Code, _ seconds: Int
    ) {
        let error = StoreError.cause(of: PostgresError(code, "it failed", state: state)) as? StoreError
        #expect(error?.code == expected)
        #expect(error?.secondsUntilRetry == seconds)
        #expect(error?.sqlState == state)
        #expect(error?.logCode == "\(expected) \(state)")
    }

    @Test func `a value of another type and a statement that was rejected are not temporary`() {
        for code in [PostgresError.Code.unexpectedResult, .rejected] {
            let error = StoreError.cause(of: PostgresError(code, "it failed"), isOwn: true) as? StoreError
            #expect(error != nil)
            #expect(error?.secondsUntilRetry == nil)
        }
    }

    @Test func `an application's own SQL keeps its error, whose code can be logged`() {
        let error = StoreError.cause(of: PostgresError(.rejected, "it failed", state: "23514", table: "mine"))
        #expect((error as? PostgresError)?.logCode == "rejected 23514")
    }

    @Test(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
    func `privileges that are taken away are a temporary failure, until they are back`() async throws {
        let test = try await TestStore.make()
        try await test.schema.psql("REVOKE ALL ON auth_user FROM auth")
        let error = await #expect(throws: StoreError.self) {
            try await test.store.transaction { try $0.insert(User.test()) }
        }
        #expect(error?.code == .refused)
        #expect(error?.sqlState == "42501")
        #expect(error?.secondsUntilRetry == 30)
        try await test.schema.psql("GRANT ALL ON auth_user TO auth")
        try await test.store.transaction { try $0.insert(User.test()) }
        #expect(try await test.count("auth_user") == 1)
    }
}
