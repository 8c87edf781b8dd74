// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("An invalid setting exits with 2 and one line that names it")
    struct SettingFaultTests {
        @Test(arguments: [
            ("BROKER_URL", "http://guest:hush-hush@127.0.0.1"), ("BROKER_URL", "amqp://guest:hush-hush@:x/"),
            ("SIGNALS_SOURCE", "accounts"),
            ("SIGNALS_SOURCE", "http://u:hush-hush@accounts.test"), ("SIGNALS_SOURCE", ""),
            ("STORE_URL", "sqlite:/proc/nowhere/auth.sqlite"),
            ("STORE_URL", "postgres://hush-hush@h/db"), ("HTTP_PORT", "abc"),
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
            ("PRE_SOCIAL_LOGIN_SECRET", "hush-hush"), ("PRE_SOCIAL_LOGIN_URL", "https://policy.example.org/"),
        ])
        func `reports an invalid setting by name without showing a secret`(name: String, value: String)
            async throws
        {
            let installation = try Installation(broker: "amqp://127.0.0.1:1", settings: [name: value])
            let program = try Program("auth-signals", ["serve"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            let lines = program.log.split(separator: "\n")
            #expect(lines.count == 1, "\(program.log)")
            #expect(lines.last?.contains(name) == true)
            #expect(!program.log.contains("hush-hush"))
        }

        @Test func `a worker reports a malformed token key by its setting`() async throws {
            let installation = try Installation(
                broker: "amqp://127.0.0.1:1", settings: ["SIGNALS_TOKEN_KEYS": "k1:hush-hush"])
            let program = try Program(
                "auth-consumer", ["--queue", "q", "--bind", "#"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("SIGNALS_TOKEN_KEYS"))
            #expect(!program.log.contains("hush-hush"))
        }

        @Test func `reports all invalid settings together`() async throws {
            let installation = try Installation(
                broker: "nothing", settings: ["HTTP_PORT": "abc", "LOG_FORMAT": "xml", "SIGNALS_SOURCE": "x"])
            let program = try Program("auth-signals", ["check"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            for name in ["BROKER_URL", "HTTP_PORT", "LOG_FORMAT", "SIGNALS_SOURCE"] {
                #expect(program.log.contains(name))
            }
        }

        @Test func `reads a value that begins with a zero-width joiner`() async throws {
            let installation = try Installation(
                broker: "amqp://127.0.0.1:1/",
                settings: ["MAIL_TEMPLATES": "\u{200D}/nowhere"])
            let program = try Program("auth-signals", ["check"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("MAIL_TEMPLATES"))
        }

        @Test func `a line end after the store URL does not become part of the file name`() async throws {
            let installation = try Installation(
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

        @Test func `a server that listens beyond loopback requires SECRET_KEY`() async throws {
            let installation = try Installation(
                broker: "amqp://127.0.0.1:1", settings: ["HTTP_HOST": "0.0.0.0"])
            let program = try Program("auth-signals", ["serve"], environment: installation.environment)
            #expect(try await program.exitCode() == 2)
            #expect(program.log.contains("SECRET_KEY"))
        }
    }
}
