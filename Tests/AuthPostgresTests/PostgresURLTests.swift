// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthPostgres

struct PostgresURLTests {
    @Test func `reads hosts, ports and its own parameters`() throws {
        let url = try PostgresURL(
            parsing:
                "postgresql://u:p%40ss@one:1234,two:5678/db?schema=auth&isolation=serializable&prepared=no")
        #expect(url.hosts == [.init(name: "one", port: "1234"), .init(name: "two", port: "5678")])
        #expect(url.parameters["password"] == "p@ss")
        #expect(url.parameters["dbname"] == "db")
        #expect(url.schema == "auth")
        #expect(url.isolation == .serializable)
        #expect(!url.isPrepared)
    }

    @Test func `its description has neither user nor password`() throws {
        let url = try PostgresURL(parsing: "postgres://alice:geheim@db.example:5432/auth?schema=a")
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped] {
            #expect(!text.contains("geheim") && !text.contains("alice"))
            #expect(text.contains("db.example:5432"))
        }
    }

    static let invalid = [
        "", "mysql://geheim@h/db", "postgres://u:geheim@h/db?sslmode=require",
        "postgres://u:geheim@h/db?sslmode=disable",
        "postgres://u:geheim@h:x/db", "postgres://u:geheim@h:99999/db", "postgres://u:geheim@h:/db?port=1,2",
        "postgres://u:geheim@h/db?hostaddr=127.0.0.1", "postgres://u:geheim@h/db?unknown=1",
        "postgres://u:geheim#@h/db",
        "postgres://u:geheim@h/db?schema=A-B", "postgres://u:geheim@h/db?schema=x%20-c%20y",
        "postgres://u:geheim@h/db?isolation=none", "postgres://u:geheim@h/db?prepared=maybe",
        "postgres://u:geheim@h/db?schema=", "postgres://u:ge%heim@h/db", "postgres://u:geheim@[::1/db",
        "postgres://127.0.0.1,h/db?sslmode=prefer&password=geheim", "postgres://u:geheim@h/db?host=geheim%00",
    ]

    @Test(arguments: invalid)
    func `refuses an invalid one without quoting it`(text: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("geheim") == false)
    }

    @Test(arguments: [
        "postgres://auth:12345/geheim@127.0.0.1:25321/auth", "postgres://auth:x@geheim@127.0.0.1:25321/auth",
        "postgres://auth:12345?geheim@127.0.0.1/auth", "postgres://auth:a/b@geheim@127.0.0.1/auth",
        "postgres://auth@127.0.0.1/auth?password=a@geheim", "postgres://127.0.0.1/auth@geheim",
    ])
    func `refuses a password that is not percent-encoded and says how to write it`(text: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresURL(parsing: text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("write @ as %40 and / as %2F") == true)
        #expect(error?.message.contains("geheim") == false)
    }

    @Test func `refuses a host that contains an encoded @, and never prints such a database`() throws {
        #expect(throws: PostgresError.self) { try PostgresURL(parsing: "postgres://u:p@a%40geheim/db") }
        let url = try PostgresURL(parsing: "postgres://u:p@127.0.0.1/a%40geheim")
        #expect(url.parameters["dbname"] == "a@geheim")
        #expect("\(url)" == "postgres://127.0.0.1/…")
    }

    @Test(arguments: ["Postgres://u:p%2Fx@127.0.0.1/Db", "POSTGRESQL://u:p%2Fx@127.0.0.1/Db"])
    func `the scheme may be in upper case`(text: String) throws {
        let url = try PostgresURL(parsing: text)
        #expect(url.parameters["password"] == "p/x" && url.parameters["dbname"] == "Db")
    }

    @Test(arguments: ["any", "read-only", "standby", "prefer-standby", "geheim"])
    func `refuses a target_session_attrs that could choose a standby`(value: String) {
        let error = #expect(throws: PostgresError.self) {
            try PostgresURL(parsing: "postgres://127.0.0.1/db?target_session_attrs=\(value)")
        }
        #expect(error?.message.contains("neither read-write nor primary") == true)
        #expect(error?.message.contains("geheim") == false)
    }

    @Test(arguments: ["read-write", "primary"])
    func `keeps a target_session_attrs that chooses a primary`(value: String) throws {
        let url = try PostgresURL(parsing: "postgres://127.0.0.1/db?target_session_attrs=\(value)")
        #expect(url.options(for: url.hosts[0])["target_session_attrs"] == value)
    }

    // MARK: The environment

    @Test(arguments: [
        "postgres://u:p@/db", "postgres:///db", "postgres://h/db", "postgres://127.0.0.1/db",
        "postgres:///db?host=/run/postgresql", "postgres://h,/db",
    ])
    func `host, port, encryption and kind of session are always explicit`(text: String) throws {
        let url = try PostgresURL(parsing: text)
        for host in url.hosts {
            let options = url.options(for: host)
            for keyword in ["host", "port", "sslmode", "target_session_attrs", "gssencmode", "options"] {
                #expect(options[keyword]?.isEmpty == false, "\(keyword)")
            }
            if host.name.isEmpty { #expect(options["host"] == "/var/run/postgresql") }
        }
    }

    @Test(arguments: ["PGHOSTADDR", "PGSERVICE"])
    func `refuses a Unix socket that a variable could replace by another host`(name: String) throws {
        let socket = [PostgresURL.Host(name: "/run/postgresql", port: "")]
        let empty = [PostgresURL.Host(name: "", port: "")]
        for hosts in [socket, empty] {
            let error = #expect(throws: PostgresError.self) {
                try PostgresURL.checkEnvironment(hosts, [name: "geheim"])
            }
            #expect(error?.message.contains(name) == true)
            #expect(error?.message.contains("geheim") == false)
            try PostgresURL.checkEnvironment(hosts, ["PGHOST": "geheim"])
        }
        try PostgresURL.checkEnvironment([PostgresURL.Host(name: "127.0.0.1", port: "")], [name: "geheim"])
    }

    // MARK: Encryption and sessions

    @Test(
        arguments: [
            ("postgres://h/db", "verify-full"), ("postgres://127.0.0.1,h/db", "verify-full"),
            ("postgres://h/db?sslmode=verify-full", "verify-full"), ("postgres://127.0.0.1/db", "disable"),
            ("postgres://localhost:5432,[::1]/db", "disable"),
            ("postgres:///db?host=/run/postgresql", "disable"),
            ("postgres:///db", "disable"), ("postgres://127.0.0.1/db?sslmode=require", "require"),
        ])
    func `demands an encrypted connection to a verified host, but not on this machine`(
        text: String, mode: String
    ) throws {
        let url = try PostgresURL(parsing: text)
        for host in url.hosts {
            let options = url.options(for: host)
            #expect(options["sslmode"] == mode)
            #expect((options["sslrootcert"] != nil) == (mode == "verify-full"))
        }
    }

    @Test func `every session has limits, and the schema as its search path`() throws {
        let url = try PostgresURL(parsing: "postgres://h/db?schema=auth&options=-c%20jit%3Doff")
        let options = url.options(for: url.hosts[0])
        let session = try #require(options["options"])
        for part in [
            "lock_timeout=5s", "statement_timeout=30s", "idle_in_transaction_session_timeout=60s",
            "client_connection_check_interval=2s", "tcp_keepalives_idle=5", "tcp_keepalives_interval=2",
            "tcp_keepalives_count=3", "search_path=auth", "jit=off",
        ] {
            #expect(session.contains(part))
        }
        #expect(options["target_session_attrs"] == "read-write")
        #expect(options["keepalives_idle"] == "5" && options["tcp_user_timeout"] == "10000")
    }
}
