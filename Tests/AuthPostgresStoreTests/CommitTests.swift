// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import Foundation
import PostgresSupport
import Testing

/// What happens at and after the commit.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct CommitTests {
    let received = Notes<Int>()
    let numbers = Notes<Int64?>()

    private var receivers: SignalHandlers {
        var receivers = SignalHandlers()
        receivers.on(ThingHappened.self, as: "note") { [received, numbers] signal, context in
            numbers.add(context.sequence)
            received.add(signal.number)
        }
        return receivers
    }

    @Test func `signals are inserted in the order in which they were emitted, without a number`() async throws
    {
        let test = try await TestStore.make()
        try await test.store.transaction { transaction in
            for number in 1...50 { try transaction.emit(ThingHappened(number, of: "ada")) }
            try transaction.insert(User.test())
        }
        let rows = try await test.schema.psql(
            "SELECT count(*), count(sequence), bool_and(id = place) FROM (SELECT *, row_number() OVER (ORDER BY (convert_from(data, 'UTF8')::json->>'number')::int) AS place FROM auth_outbox) AS o"
        )
        #expect(rows.hasPrefix("50|0|t"))
    }

    @Test func `receivers run after the commit, without a sequence number`() async throws {
        let test = try await TestStore.make(receivers: receivers)
        try await test.store.transaction { transaction in
            try transaction.emit(ThingHappened(1))
            try transaction.emit(ThingHappened(2))
        }
        await test.store.receiversFinished()
        #expect(received.all == [1, 2])
        #expect(numbers.all == [nil, nil])
    }

    @Test func `an error of the body rolls everything back, and no receiver runs`() async throws {
        let test = try await TestStore.make(receivers: receivers)
        await #expect(throws: Abandoned.self) {
            try await test.store.transaction { transaction in
                try transaction.insert(User.test())
                try transaction.emit(ThingHappened(1))
                try transaction.queue(MailDraft(.unknownAccount, to: "a@example.org", values: [:]))
                throw Abandoned()
            }
        }
        await test.store.receiversFinished()
        #expect(received.all.isEmpty)
        for table in ["auth_user", "auth_outbox", "auth_mail"] { #expect(try await test.count(table) == 0) }
    }

    @Test func `an application's rows and a signal commit together in its own transaction`() async throws {
        let test = try await TestStore.make()
        try await test.schema.psql("CREATE TABLE invoice (number bigint); GRANT ALL ON invoice TO auth")
        try await test.pool.transaction { connection in
            try connection.query("INSERT INTO invoice VALUES (1)")
            try test.store.joining(connection).emit(ThingHappened(1))
        }
        await #expect(throws: Abandoned.self) {
            try await test.pool.transaction { connection in
                try connection.query("INSERT INTO invoice VALUES (2)")
                try test.store.joining(connection).emit(ThingHappened(2))
                throw Abandoned()
            }
        }
        #expect(try await test.count("invoice") == 1)
        #expect(try await test.signals() == ["test.thing_happened"])
    }

    @Test func `a hook that knows only the protocol can write in the transaction`() async throws {
        let test = try await TestStore.make()
        try await test.schema.psql("CREATE TABLE invoice (number bigint); GRANT ALL ON invoice TO auth")
        let seam: any AccountStore = test.store
        try await seam.transaction { transaction in
            _ = try transaction.postgres?.query("INSERT INTO invoice VALUES (3)")
        }
        #expect(try await test.count("invoice") == 1)
    }

    @Test func `a commit whose answer is lost is found to have taken effect`() async throws {
        // A commit that waits for a standby, which does not exist, has taken effect on the server already.
        let server = try await PrivatePostgres.start()
        try await server.psql("ALTER ROLE auth SET synchronous_commit = local")
        let test = try await TestStore.make(on: server, receivers: receivers)
        try await server.psql("ALTER SYSTEM SET synchronous_standby_names = 'missing'")
        try await server.psql("SELECT pg_reload_conf()")
        // The process that makes checkpoints tells all others of the new setting.
        try await server.psql("CHECKPOINT")
        let (backends, user) = (Notes<Int64>(), User.test("ada"))
        async let result = test.store.transaction { transaction in
            try transaction.connection.query("SET LOCAL synchronous_commit = on")
            backends.add(try transaction.backend())
            try transaction.insert(user)
            try transaction.emit(ThingHappened(1))
            return backends.all.count
        }
        #expect(await becomes { !backends.all.isEmpty })
        let backend = try #require(backends.all.first)
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = \(backend) AND wait_event = 'SyncRep'"
        #expect(try await becomes { try await test.schema.psql(waits).hasPrefix("1") })
        try await server.psql("SELECT pg_terminate_backend(\(backend))")
        #expect(try await result == 1)
        await test.store.receiversFinished()
        #expect(received.all == [1])
        #expect(try await test.count("auth_user") == 1)
        #expect(try await test.signals().count == 1)
        await test.pool.close()
        try await server.stop()
    }

    @Test func `a commit that fails on the server changes nothing, and its error is temporary`()
        async throws
    {
        let test = try await TestStore.make(receivers: receivers)
        // The backend ends while it commits.
        try await test.schema.psql(
            """
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON auth_user DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION die();
            """)
        let error = await #expect(throws: StoreError.self) {
            try await test.store.transaction { transaction in
                try transaction.insert(User.test())
                try transaction.emit(ThingHappened(1))
            }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.secondsUntilRetry == 1)
        await test.store.receiversFinished()
        #expect(received.all.isEmpty)
        #expect(try await test.count("auth_user") == 0)
        #expect(try await test.count("auth_outbox") == 0)
    }
}
