// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthStore
import Foundation
import PostgresSupport
import Testing

/// A transaction that a concurrent one has stopped runs again.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct RetryTests {
    static let fail: PostgresStatement =
        "DO $$ BEGIN RAISE EXCEPTION 'stopped' USING ERRCODE = '40001'; END $$"

    @Test func `two transactions that lock two users crosswise both commit`() async throws {
        let test = try await TestStore.make()
        let (ada, bob) = (User.test("ada"), User.test("bob"))
        try await test.store.transaction { transaction in
            try transaction.insert(ada)
            try transaction.insert(bob)
        }
        let (runs, entered) = (Notes<Int>(), Notes<Int>())
        let gates = [Gate(), Gate()]
        @Sendable func lock(_ first: User, _ second: User, _ number: Int) async throws {
            try await test.store.transaction { transaction in
                runs.add(number)
                _ = try transaction.user(id: first.id)
                if !entered.all.contains(number) {
                    entered.add(number)
                    gates[number].pass()
                }
                _ = try transaction.user(id: second.id)
                try transaction.emit(ThingHappened(number))
            }
        }
        async let left: Void = lock(ada, bob, 0)
        async let right: Void = lock(bob, ada, 1)
        #expect(await becomes { entered.all.count == 2 })
        for gate in gates { gate.open() }
        _ = try await (left, right)
        #expect(runs.all.count >= 3)
        #expect(try await test.count("auth_outbox") == 2)
    }

    @Test func `a transaction runs at most five times, and nothing of it stays`() async throws {
        let test = try await TestStore.make()
        let runs = Notes<Int>()
        let error = await #expect(throws: StoreError.self) {
            try await test.store.transaction { transaction in
                runs.add(1)
                try transaction.insert(User.test())
                try transaction.emit(ThingHappened(1))
                try transaction.connection.query(Self.fail)
            }
        }
        #expect(error?.code == .busy)
        #expect(error?.secondsUntilRetry == 1)
        #expect(runs.all.count == 5)
        #expect(try await test.count("auth_user") == 0)
        #expect(try await test.count("auth_outbox") == 0)
    }

    @Test func `each run begins without what the former one knew and emitted`() async throws {
        let test = try await TestStore.make()
        let (runs, user) = (Notes<Bool>(), User.test())
        try await test.store.transaction { transaction in
            runs.add(try transaction.user(id: user.id) == nil)
            try transaction.insert(user)
            try transaction.emit(ThingHappened(1))
            if runs.all.count < 3 { try transaction.connection.query(Self.fail) }
        }
        #expect(runs.all == [true, true, true])
        #expect(try await test.count("auth_outbox") == 1)
    }

    @Test func `a body that ignores the error runs again`() async throws {
        let test = try await TestStore.make()
        // The statement of the store fails, since its table raises the error.
        try await test.schema.psql(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'stopped' USING ERRCODE = '40001'; END $$;
            CREATE TRIGGER fail BEFORE INSERT ON auth_user EXECUTE FUNCTION fail();
            """)
        let runs = Notes<Int>()
        let error = await #expect(throws: StoreError.self) {
            try await test.store.transaction { transaction in
                runs.add(1)
                try transaction.insert(User.test())
                guard (try? transaction.user(username: "ada")) != nil else { throw Abandoned() }
            }
        }
        #expect(error?.code == .busy)
        #expect(runs.all.count == 5)
    }
}
