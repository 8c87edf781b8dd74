// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import PostgresSupport
import ProgramSupport
import Testing

/// Whether the programs were built with PostgreSQL.
private let isBuilt: Bool = {
    #if PostgreSQL
        true
    #else
        false
    #endif
}()

extension EndToEnd {
    @Suite(
        "The operator's commands on a PostgreSQL store",
        .enabled(if: isBuilt && PrivatePostgres.isAvailable, "needs --traits PostgreSQL and a server"))
    struct PostgresCommandTests {
        private func installation(_ url: String) async throws -> Installation {
            try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: ["STORE_URL": url, "SECRET_KEY": "a key of a test that has the wanted length"])
        }

        @Test func `hosts that migrate at the same time all succeed`() async throws {
            let schema = try await PrivatePostgres.shared.schema()
            let installation = try await installation(schema.url)
            let programs = try (0..<4).map { _ in
                try Program("auth-signals", ["migrate"], environment: installation.environment)
            }
            for program in programs {
                #expect(try await program.exitCode() == 0, "\(program.log)")
                #expect(program.output.contains("store is up to date: postgres://127.0.0.1:"))
                #expect(!(program.output + program.log).contains("secret"))
            }
        }

        @Test func `check reports the server and whether the tables are there, and creates none`()
            async throws
        {
            let schema = try await PrivatePostgres.shared.schema()
            let installation = try await installation(schema.url)
            // 75, since no broker listens.
            let before = try await installation.operate(["check"], code: 75)
            #expect(before.output.contains("postgresql: "))
            #expect(before.output.contains("store: ok, missing or outdated schema"))
            #expect(try await schema.psql("SELECT to_regclass('auth_user') IS NULL").hasPrefix("t"))
            try await installation.operate(["outbox", "status"], code: 1)
            try await installation.operate(["migrate"])
            let after = try await installation.operate(["check"], code: 75)
            #expect(after.output.contains("store: ok\n"))
            #expect(!after.output.contains("secret"))
            try await installation.operate(["outbox", "status"])
            try await installation.operate(["outbox", "verify"])
            try await installation.operate(["users", "list"])
        }

        @Test func `check warns of fewer connections than a process opens`() async throws {
            let schema = try await PrivatePostgres.shared.schema()
            let check = try await installation(schema.url).operate(
                ["check"], settings: ["STORE_CONNECTIONS": "1000"], code: 75)
            #expect(check.output.contains("lower STORE_CONNECTIONS"))
        }

        @Test func `check tests the address of the leases`() async throws {
            let schema = try await PrivatePostgres.shared.schema()
            let check = try await installation(schema.url).operate(
                ["check"], settings: ["STORE_LEASE_URL": "postgres://auth:hush-hush@127.0.0.1:1/auth"],
                code: 75)
            #expect(check.output.contains("STORE_LEASE_URL"))
            #expect(check.log.contains("not reachable: store"))
            #expect(!(check.output + check.log).contains("hush-hush"))
        }

        @Test func `check refuses leases on another server or on other tables`() async throws {
            let schema = try await PrivatePostgres.shared.schema()
            let installation = try await installation(schema.url)
            let other = try await PrivatePostgres.start()
            let elsewhere = try await other.schema()
            let sibling = try await PrivatePostgres.shared.schema()
            for (url, word) in [(elsewhere.url, "another server"), (sibling.url, "schema")] {
                let check = try await installation.operate(
                    ["check"], settings: ["STORE_LEASE_URL": url], code: 2)
                #expect(check.log.contains("STORE_LEASE_URL: leads to"))
                #expect(check.log.contains(word))
                #expect(!(check.output + check.log).contains("secret@"))
            }
            // The same tables over another URL.
            try await installation.operate(
                ["check"], settings: ["STORE_LEASE_URL": schema.url + "&prepared=no"], code: 75)
            try await other.stop()
        }

        @Test func `verify says what a restore means`() async throws {
            let schema = try await PrivatePostgres.shared.schema()
            let installation = try await installation(schema.url)
            try await installation.operate(["migrate"])
            let before = try await installation.operate(["outbox", "verify"])
            #expect(before.output.contains("unknown: whether this database was restored"))
            try await installation.operate(["store", "restored"])
            let after = try await installation.operate(["outbox", "verify"])
            #expect(after.output.contains("restored to an earlier moment, or a standby promoted, before 20"))
        }

        @Test func `a process that stops ends its connections`() async throws {
            let database = try await PrivatePostgres.start()
            let installation = try await installation(try await database.schema().url)
            try await installation.operate(["migrate"])
            let server = try await installation.serve(["--no-relay", "--no-mail"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await server.program.stop()
            try await eventually("the server has ended the sessions") {
                try await database.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'auth'")
                    .hasPrefix("0")
            }
            let abandoned = try await database.psql(
                "SELECT sessions_abandoned FROM pg_stat_database WHERE datname = 'auth'")
            #expect(abandoned.hasPrefix("0"))
            try await database.stop()
        }

        @Test func `check warns of a standby that commits do not wait for`() async throws {
            let primary = try await PrivatePostgres.start()
            let standby = try await PrivatePostgres.start("--standby-of", primary.directory)
            try await eventually("the standby is attached") {
                try await primary.psql("SELECT count(*) FROM pg_stat_replication").hasPrefix("1")
            }
            let schema = try await primary.schema()
            let installation = try await installation(schema.url)
            let asynchronous = try await installation.operate(["check"], code: 75)
            #expect(asynchronous.output.contains("set synchronous_standby_names"))
            try await primary.psql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            try await primary.psql("SELECT pg_reload_conf()")
            try await eventually("the standby is synchronous") {
                try await primary.psql("SELECT sync_state FROM pg_stat_replication").hasPrefix("sync")
            }
            let synchronous = try await installation.operate(["check"], code: 75)
            #expect(!synchronous.output.contains("synchronous_standby_names"))
            try await standby.stop()
            try await primary.stop()
        }
    }
}
