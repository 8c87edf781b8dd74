// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import BrokerSupport
import InMemoryLogging
import Logging
import PostgresSupport
import Testing
import ToolSupport

@Suite(.needsPostgres) struct LogInTests {
    /// The error of connecting, and what was logged about it.
    private func failure(_ url: String) async throws -> (error: PostgresError?, log: String) {
        let records = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in records }
        let pool = PostgresPool(
            try PostgresURL(parsing: url), connections: 1, logger: logger)
        let error = await #expect(throws: PostgresError.self) { try await pool.run { _ in } }
        await pool.close()
        return (error, "\(records.entries)")
    }

    @Test func `a wrong password is refused, and neither the error nor the log contains it`() async throws {
        let port = try await PrivatePostgres.shared.port
        let (error, log) = try await failure("postgres://auth:geheim@127.0.0.1:\(port)/auth")
        #expect(error?.code == .refused && error?.state == "28P01")
        let shown = "\(error.map { "\($0)" } ?? "") \(String(reflecting: error)) \(log)"
        #expect(!shown.contains("geheim"))
        #expect(log.contains("wrong user or password"))
    }

    @Test func `a missing password and a missing database are refused`() async throws {
        let port = try await PrivatePostgres.shared.port
        let password = try await failure("postgres://auth@127.0.0.1:\(port)/auth").error
        #expect(password?.code == .refused && password?.state == "28P01")
        let database = try await failure("postgres://auth:secret@127.0.0.1:\(port)/none").error
        #expect(database?.code == .refused && database?.state == "3D000")
    }

    @Test(arguments: [
        "-c%20nonsense%3D1", "-c%20work_mem%3Dgeheim", "-c%20shared_buffers%3D1GB", "-c%20nonsense",
    ])
    func `an option that the server does not accept is refused`(options: String) async throws {
        let port = try await PrivatePostgres.shared.port
        let (error, log) = try await failure(
            "postgres://auth:secret@127.0.0.1:\(port)/auth?options=\(options)")
        #expect(error?.code == .refused)
        #expect(error?.message.contains("options") == true)
        #expect(!log.contains("geheim"))
    }

    @Test(arguments: ["127.0.0.1:1", "localhost:1"])
    func `a port that nobody listens on is unreachable`(address: String) async throws {
        let error = try await failure("postgres://auth:geheim@\(address)/auth").error
        #expect(error?.code == .unreachable)
    }

    @Test func `a Unix socket is used if the host is a folder`() async throws {
        let server = try await PrivatePostgres.shared
        let folder = server.socketFolder.replacing("/", with: "%2F")
        let url = try PostgresURL(parsing: "postgres://postgres@\(folder):\(server.port)/auth")
        try await PostgresWorld().withPool(url) { pool in
            let address = try await pool.run {
                try $0.query("SELECT inet_server_addr()::text")[0].optionalText(0)
            }
            #expect(address == nil)
        }
    }

    // MARK: Several hosts

    @Test func `hosts that are gone or silent are skipped`() async throws {
        let world = try await PostgresWorld()
        let silent = try LoopbackProxy.silent()
        defer { silent.close() }
        let port = world.schema.server.port
        let url = try PostgresURL(
            parsing: "postgres://auth:secret@127.0.0.1:1,127.0.0.1:\(silent.port),localhost:\(port)/auth")
        try await world.withPool(url, timeouts: PostgresTimeouts(connect: .seconds(2))) { pool in
            let count = try await pool.run { try $0.query("SELECT 1").count }
            #expect(count == 1)
        }
    }

    @Test func `a standby is skipped until it is promoted`() async throws {
        let primary = try await PrivatePostgres.start()
        let standby = try await PrivatePostgres.start("--standby-of", primary.directory)
        let world = try await PostgresWorld(primary)
        try await world.makeTable()
        let url = try PostgresURL(
            parsing: "postgres://auth:secret@127.0.0.1:\(standby.port),127.0.0.1:\(primary.port)/auth"
                + "?schema=\(world.schema.name)")
        let alone = try await failure("postgres://auth:secret@127.0.0.1:\(standby.port)/auth").error
        #expect(
            alone?.code == .unreachable && alone?.message.contains("each is read only: a standby, or") == true
        )
        try await world.withPool(url) { pool in
            try await pool.run { _ = try $0.query(.insert, [.int(1), .text("a")]) }
            try await eventually("the standby has the row") {
                try await standby.psql("SELECT count(*) FROM \(world.schema.name).account").trimming == "1"
            }
            try await primary.kill()
            try await standby.promote()
            try await eventually("the promoted server is used") {
                try await code { try await pool.run { _ = try $0.query(.insert, [.int(2), .text("b")]) } }
                    == nil
            }
            #expect(
                try await standby.psql("SELECT count(*) FROM \(world.schema.name).account").trimming == "2")
        }
        try await standby.stop()
    }

    // MARK: TLS

    @Test func `TLS verifies the authority and the host name`() async throws {
        let certificates = try await Certificates.make(for: "DNS:localhost")
        defer { certificates.remove() }
        let server = try await PrivatePostgres.start("--tls", certificates.directory)
        func url(_ host: String, _ authority: String) -> String {
            "postgres://auth:secret@\(host):\(server.port)/auth?sslmode=verify-full&sslrootcert="
                + certificates.path(authority).replacing("/", with: "%2F")
        }
        let world = try await PostgresWorld(server)
        try await world.withPool(try PostgresURL(parsing: url("localhost", "ca.pem"))) { pool in
            let isEncrypted = try await pool.run {
                try $0.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0].bool(0)
            }
            #expect(isEncrypted)
        }
        for wrong in [
            url("127.0.0.1", "ca.pem"), url("localhost", "stranger.pem"), url("localhost", "none.pem"),
        ] {
            let error = try await failure(wrong).error
            #expect(error?.code == .tls)
        }
        try await server.stop()
    }

    @Test func `a server without TLS is refused if it is demanded`() async throws {
        let port = try await PrivatePostgres.shared.port
        let error = try await failure("postgres://auth:secret@localhost:\(port)/auth?sslmode=verify-full")
            .error
        #expect(error?.code == .tls)
    }
}
