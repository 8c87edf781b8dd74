// SPDX-License-Identifier: Apache-2.0
#if PostgreSQL
    import AuthTesting
    import BrokerSupport
    import Foundation
    import PostgresSupport
    import ProgramSupport
    import Testing

    extension EndToEnd {
        @Suite(
            "Workers that share an inbox in PostgreSQL",
            .enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
        struct SharedInboxTests {
            private static func count(_ sql: String, _ schema: PrivateSchema) async throws -> Int? {
                Int(try await schema.psql(sql).trimmingCharacters(in: .whitespacesAndNewlines))
            }

            @Test func `two workers handle each signal once, and verify compares their inbox`() async throws {
                let schema = try await PrivatePostgres.shared.schema()
                let inbox = ["INBOX_URL": schema.url]
                let installation = try await Installation(broker: try await PrivateBroker.shared.url)
                let workers = [
                    try await installation.consume(queue: "shared", settings: inbox),
                    try await installation.consume(queue: "shared", settings: inbox),
                ]
                // The binding and the handler `log`, once for the queue.
                try await eventually("the workers' handlers are recorded in the inbox") {
                    try await Self.count("SELECT count(*) FROM auth_inbox_work", schema) == 2
                }
                let server = try await installation.serve(["--no-mail"])
                #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
                try await eventually("both signals are handled") {
                    try await Self.count("SELECT count(*) FROM auth_inbox", schema) == 2
                }
                let lines = workers.flatMap { $0.program.lines }
                #expect(lines.count == 2)
                try await eventually("the signals are confirmed and compared") {
                    let verify = try await installation.operate(["outbox", "verify", "--inbox", schema.url])
                    return verify.output.contains("expected in the inbox 2, missing 0")
                }
                try await schema.psql("DELETE FROM auth_inbox")
                let missing = try await installation.operate(
                    ["outbox", "verify", "--inbox", schema.url], code: 1)
                #expect(missing.log.contains("2 signals are missing in the inbox"))
                try await server.program.stop()
                for worker in workers { try await worker.program.stop() }
            }

            @Test func `verify reports a database without an inbox, and creates none`() async throws {
                let schema = try await PrivatePostgres.shared.schema()
                let installation = try await Installation(broker: try await PrivateBroker.shared.url)
                try await installation.operate(["migrate"])
                let verify = try await installation.operate(
                    ["outbox", "verify", "--inbox", schema.url], code: 2)
                #expect(verify.log.contains("--inbox: the database has no inbox"))
                #expect(
                    try await Self.count(
                        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()", schema) == 0)
            }
        }
    }
#endif
