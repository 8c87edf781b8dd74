// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
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
        "Moving from SQLite to PostgreSQL",
        .enabled(if: isBuilt && PrivatePostgres.isAvailable, "needs --traits PostgreSQL and a server"))
    struct StoreCopyTests {
        private struct Move {
            let installation: Installation
            let schema: PrivateSchema
            var file: String { installation.folder.path("moved.sqlite") }
            var onPostgres: [String: String] { ["STORE_URL": schema.url] }

            init() async throws {
                let folder = try Folder()
                installation = try await Installation(
                    broker: try await PrivateBroker.shared.url,
                    settings: [
                        "SECRET_KEY": "a secret of this test with thirty-two bytes",
                        "STORE_URL": "sqlite:" + folder.path("unused.sqlite"),
                    ])
                schema = try await PrivatePostgres.shared.schema()
            }

            var onSQLite: [String: String] { ["STORE_URL": "sqlite:" + file] }

            @discardableResult
            func copy(
                _ arguments: [String] = [], settings: [String: String] = [:], code: Int32 = 0
            ) async throws -> Program {
                try await installation.operate(
                    ["store", "copy"]
                        + (arguments.isEmpty ? ["--from", "sqlite:" + file, "--to", schema.url] : arguments),
                    settings: settings, code: code)
            }
        }

        @Test func `sessions stay valid, and pending signals and mails are delivered once`() async throws {
            let move = try await Move()
            let installation = move.installation
            let before = try await installation.serve(["--no-relay", "--no-mail"], settings: move.onSQLite)
            let signUp = try await before.call("POST", "/auth/signup", Installation.ada)
            let token = try #require(signUp.token)
            try await before.program.stop()

            let copy = try await move.copy()
            #expect(copy.lines.contains { $0.hasPrefix("auth_user ") && $0.hasSuffix(" 1 row, equal") })
            #expect(copy.lines.last?.hasPrefix("copied; ") == true)
            #expect(try await move.copy().lines.last?.hasPrefix("copied before; ") == true)

            let worker = try await installation.consume(queue: "moved")
            let after = try await installation.serve(settings: move.onPostgres)
            let session = try await after.call("GET", "/auth/session", token: token)
            #expect(session.status == 200)
            #expect(session.isAuthenticated == true)
            _ = try await eventualValue("the mail is delivered") { installation.newestConfirmationKey() }
            try await eventually("every signal is published") {
                try await after.readiness().part("pending") == "0"
            }
            let emitted = try await move.schema.psql("SELECT last_sequence FROM auth_outbox_count")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let handled = try await eventualValue("every signal is handled") {
                let handled = worker.everyHandled()
                return handled.count >= Int(emitted) ?? .max ? handled : nil
            }
            #expect(handled.prefix(2).map(\.signal) == ["account.user_signed_up", "account.user_logged_in"])
            #expect(handled.compactMap(\.sequence) == Array(1...Int64(handled.count)))
            #expect(Set(handled.map(\.id)).count == handled.count)
            try await installation.operate(["outbox", "verify"], settings: move.onPostgres)
            try await after.program.stop()
            try await worker.program.stop()

            // The database is in use now.
            let late = try await move.copy(code: 1)
            #expect(late.log.contains("not empty"))
        }

        @Test func `a store that a process uses is not copied`() async throws {
            let move = try await Move()
            let server = try await move.installation.serve(["--no-mail"], settings: move.onSQLite)
            try await eventually("the relay holds its lease") {
                try await server.readiness().part("relay") != "waiting_for_lease"
            }
            let refused = try await move.copy(code: 1)
            #expect(refused.log.contains("stop every process that uses it"))
            try await server.program.stop()
            try await move.copy()
        }

        @Test func `a pause of the outbox is copied and reported`() async throws {
            let move = try await Move()
            try await move.installation.operate(["migrate"], settings: move.onSQLite)
            try await move.installation.operate(["outbox", "pause"], settings: move.onSQLite)
            let copy = try await move.copy()
            #expect(copy.lines.last == "the outbox is paused: auth-signals outbox resume")
            let status = try await move.installation.operate(["outbox", "status"], settings: move.onPostgres)
            #expect(status.output.contains("outbox resume"))
        }

        @Test func `another secret than that of the store is refused`() async throws {
            let move = try await Move()
            let server = try await move.installation.serve(
                ["--no-relay", "--no-mail"], settings: move.onSQLite)
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await server.program.stop()
            for secret in ["another secret with at least thirty-two bytes", ""] {
                let refused = try await move.copy(settings: ["SECRET_KEY": secret], code: 2)
                #expect(refused.log.contains("SECRET_KEY: "))
                #expect(!refused.log.contains("another secret"))
            }
            let tables = try await move.schema.psql(
                "SELECT count(*) FROM pg_tables WHERE schemaname = '\(move.schema.name)'")
            #expect(tables.hasPrefix("0"))
            try await move.copy(settings: [
                "SECRET_KEY": "another secret with at least thirty-two bytes",
                "SECRET_KEY_FALLBACKS": "a secret of this test with thirty-two bytes",
            ])
        }

        @Test func `unusable addresses have exit codes of their own, and no password is printed`()
            async throws
        {
            let move = try await Move()
            try await move.installation.operate(["migrate"], settings: move.onSQLite)
            let source = ["--from", "sqlite:" + move.file]
            let away = "postgres://auth:hidden-password@127.0.0.1:1/auth"
            for (arguments, code) in [
                (["--from", move.schema.url, "--to", move.schema.url], 2),
                (source + ["--to", "sqlite:" + move.file], 2),
                (source, 2),
                (
                    source + ["--to", "postgres://auth:hidden-password@db.example.org/auth?sslmode=disable"],
                    2
                ),
                (["--from", "sqlite:" + move.file + ".missing", "--to", move.schema.url], 2),
                (source + ["--to", away], 75),
            ] as [([String], Int32)] {
                let refused = try await move.copy(arguments, code: code)
                #expect(!refused.log.contains("hidden-password"))
            }
            // The URL of the target can be a setting, so that it is not in the list of processes.
            try await move.copy(source, settings: move.onPostgres)
        }

        @Test func `after a restore, numbers continue above all earlier ones`() async throws {
            let move = try await Move()
            let installation = move.installation
            try await installation.operate(["migrate"], settings: move.onPostgres)
            let restored = try await installation.operate(["store", "restored"], settings: move.onPostgres)
            #expect(restored.output.hasPrefix("the next signal has a sequence number above 1"))
            let worker = try await installation.consume(queue: "restored")
            let server = try await installation.serve(["--no-mail"], settings: move.onPostgres)
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            let handled = try await worker.handled(atLeast: 2)
            #expect(handled.compactMap(\.sequence).allSatisfy { $0 > 1_000_000_000_000_000 })
            try await server.program.stop()
            try await worker.program.stop()
            try await installation.operate(["outbox", "verify"], settings: move.onPostgres)
            try await installation.operate(["store", "restored"], settings: move.onSQLite, code: 2)
        }
    }
}
