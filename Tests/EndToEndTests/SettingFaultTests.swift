// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("An invalid setting exits with 2 and one line that names it")
    struct SettingFaultTests {
        @Test(arguments: [
            ("BROKER_URL", "http://guest:hush-hush@127.0.0.1"), ("BROKER_URL", "amqp://guest:hush-hush@:x/"),
            ("SIGNALS_SOURCE", "accounts"),
            ("SIGNALS_SOURCE", "http://u:hush-hush@accounts.test"), ("SIGNALS_SOURCE", ""),
            ("STORE_URL", "sqlite:/proc/nowhere/auth.sqlite"),
            ("STORE_URL", "postgres://hush-hush@h/db"), ("STORE_CONNECTIONS", "0"),
            ("STORE_LEASE_URL", "mysql://u:hush-hush@h/db"), ("HTTP_PORT", "abc"),
            ("MAIL_URL", "smtp://u:hush-hush@"), ("MAIL_URL", "file:/proc/nowhere/mail"),
            ("ACCOUNT_EMAIL_VERIFICATION", "sometimes"), ("SECRET_KEY", "hush-hush"),
            ("BROKER_EXCHANGE", "\"hush-hush\""), ("SIGNALS_APP_ID", "'hush-hush'"),
            ("HTTP_HOST", "\"hush-hush\""), ("SITE_NAME", "hush-hush\nBcc: x"), ("SECRET_KEY", "hush\nhush"),
            ("SECRET_KEY_FALLBACKS", "hush-hush"),
            ("PASSWORD_SCRYPT_COST", "1000"), ("SOCIALACCOUNT_DUMMY", "perhaps"),
            ("SOCIALACCOUNT_PROVIDERS", "/proc/nowhere/providers.json"),
            ("SOCIALACCOUNT_EMAIL_VERIFICATION", "hush-hush"),
            ("SIGNALS_TOKEN_KEYS", "hush-hush"),
            ("SIGNALS_TOKEN_KEYS", "k1:hush-hush"), ("PRE_SOCIAL_LOGIN_URL", "http://hush-hush.example.org/"),
            ("DASHBOARD_BROKER_URL", "http://guest:hush-hush@127.0.0.1"), ("DASHBOARD_TOKEN", "hush-hush"),
            ("DASHBOARD_WORKERS", "hush-hush"),
            ("PRE_SOCIAL_LOGIN_SECRET", "hush-hush"), ("PRE_SOCIAL_LOGIN_URL", "https://policy.example.org/"),
        ])
        func `reports an invalid setting by name without showing a secret`(name: String, value: String)
            async throws
        {
            let installation = try await Installation(broker: "amqp://127.0.0.1:1", settings: [name: value])
            let program = try Program("auth-signals", ["serve"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            let lines = program.log.split(separator: "\n")
            #expect(lines.count == 1, "\(program.log)")
            #expect(lines.last?.contains(name) == true)
            #expect(!program.log.contains("hush-hush"))
        }

        @Test func `a worker reports a malformed token key by its setting`() async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1", settings: ["SIGNALS_TOKEN_KEYS": "k1:hush-hush"])
            let program = try Program(
                "auth-consumer", ["--queue", "q", "--bind", "#"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("SIGNALS_TOKEN_KEYS"))
            #expect(!program.log.contains("hush-hush"))
        }

        @Test func `a worker reports an inbox in PostgreSQL that it cannot open, without the password`()
            async throws
        {
            // Over a network the connection must be encrypted.
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: ["INBOX_URL": "postgres://w:hush-hush@db.example.org/w?sslmode=disable"])
            let program = try Program(
                "auth-consumer", ["--queue", "q", "--bind", "#"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("INBOX_URL: "))
            #if PostgreSQL
                #expect(program.log.contains("sslmode"))
            #else
                #expect(
                    program.log.contains("this build has no PostgreSQL; build it with --traits PostgreSQL"))
            #endif
            #expect(!(program.log + program.output).contains("hush-hush"))
        }

        @Test func `reports all invalid settings together`() async throws {
            let installation = try await Installation(
                broker: "nothing", settings: ["HTTP_PORT": "abc", "LOG_FORMAT": "xml", "SIGNALS_SOURCE": "x"])
            let program = try Program("auth-signals", ["check"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            for name in ["BROKER_URL", "HTTP_PORT", "LOG_FORMAT", "SIGNALS_SOURCE"] {
                #expect(program.log.contains(name))
            }
        }

        @Test func `reads a value that begins with a zero-width joiner`() async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1/",
                settings: ["MAIL_TEMPLATES": "\u{200D}/nowhere"])
            let program = try Program("auth-signals", ["check"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("MAIL_TEMPLATES"))
        }

        @Test(.enabled(if: TestStore.isSQLite, "the test is about the name of the file"))
        func `a line end after the store URL does not become part of the file name`() async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1/", settings: ["SITE_NAME": "'Acme'"])
            let url = try #require(installation.environment["STORE_URL"])
            let check = try await installation.operate(
                ["check"], settings: ["STORE_URL": url + "\n"], code: 75)
            try await installation.operate(["migrate"], settings: ["STORE_URL": url + "\n"])
            #expect(check.output.contains("warning: SITE_NAME is in quotes"))
            let files = try FileManager.default.contentsOfDirectory(atPath: installation.folder.path(""))
            #expect(files.contains("auth.sqlite"))
            #expect(!files.contains { $0.hasSuffix("\n") })
        }

        @Test(arguments: [["serve"], ["relay"], ["migrate"], ["check"], ["outbox", "status"]])
        func `a store in PostgreSQL requires SECRET_KEY, and its password is not shown`(arguments: [String])
            async throws
        {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: ["STORE_URL": "postgres://auth:hush-hush@127.0.0.1:1/auth"])
            let program = try Program("auth-signals", arguments, environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("SECRET_KEY is required if STORE_URL is postgres://"))
            #expect(program.log.contains("openssl rand -base64 32"))
            #expect(!(program.log + program.output).contains("hush-hush"))
        }

        @Test(arguments: [["serve"], ["relay"], ["migrate"], ["check"], ["outbox", "status"]])
        func `a PostgreSQL server that cannot be reached is reported without the password`(
            arguments: [String]
        )
            async throws
        {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: [
                    "STORE_URL": "postgres://auth:hush-hush@127.0.0.1:1/auth",
                    "SECRET_KEY": "a key of a test that has the wanted length",
                ])
            let program = try Program("auth-signals", arguments, environment: installation.environment)
            let code = try await program.exitCode()
            let text = program.log + program.output
            #if PostgreSQL
                #expect(code == 75)
                #expect(text.contains("unreachable") || text.contains("STORE_URL"))
            #else
                #expect(code == 2)
                #expect(program.log.contains("--traits PostgreSQL"))
            #endif
            #expect(!text.contains("hush-hush"))
        }

        @Test(arguments: [["backup", "/tmp/never-written"], ["restore", "/tmp/never-read"]])
        func `commands that copy the store's file refuse PostgreSQL`(arguments: [String]) async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: [
                    "STORE_URL": "postgres://auth:hush-hush@127.0.0.1:1/auth",
                    "SECRET_KEY": "a key of a test that has the wanted length",
                ])
            let program = try Program("auth-signals", arguments, environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #if PostgreSQL
                #expect(program.log.contains("pg_dump"))
            #endif
            #expect(!(program.log + program.output).contains("hush-hush"))
        }

        @Test func `a dashboard beyond loopback requires DASHBOARD_TOKEN`() async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1",
                settings: [
                    "HTTP_HOST": "0.0.0.0", "DASHBOARD": "true",
                    "SECRET_KEY": "a key of a test that has the wanted length",
                ])
            let program = try Program("auth-signals", ["serve"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("DASHBOARD_TOKEN is required"))
        }

        @Test(.enabled(if: TestStore.isSQLite, "a store in PostgreSQL always requires it"))
        func `a server that listens beyond loopback requires SECRET_KEY`() async throws {
            let installation = try await Installation(
                broker: "amqp://127.0.0.1:1", settings: ["HTTP_HOST": "0.0.0.0"])
            let program = try Program("auth-signals", ["serve"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("SECRET_KEY"))
        }
    }
}
