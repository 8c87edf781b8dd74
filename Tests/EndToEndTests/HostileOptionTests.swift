// SPDX-License-Identifier: Apache-2.0
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("Options and settings that are out of range")
    struct HostileOptionTests {
        @Test(arguments: [
            ["outbox", "list", "--limit=-1"], ["outbox", "list", "--limit", "0"],
            ["outbox", "list", "--since", "infd"], ["outbox", "list", "--since", "1e300d"],
            ["outbox", "list", "--until", "nand"], ["outbox", "purge", "--until=-1d"],
            ["outbox", "list", "--limit", "9223372036854775808"], ["dead", "list", "work", "--limit=-5"],
            ["dead", "list", "work", "--since", "9e99h"], ["users", "list", "--limit", "0"],
            ["users", "announce", "--rate", "0", "--to", "work"],
            ["users", "delete", "--wait", "86401", "00000000-0000-7000-8000-000000000000"],
            ["trigger", "--count=-1", "account.email_added"],
        ])
        func `a number out of range is a usage error with the option's name`(_ arguments: [String])
            async throws
        {
            let installation = try await Installation(broker: "amqp://127.0.0.1:1")
            try await installation.operate(["migrate"])
            let program = try await installation.operate(arguments, code: 2)
            let option = arguments.first { $0.hasPrefix("--") }?.split(separator: "=").first ?? ""
            #expect(program.log.contains(option), "\(program.log)")
        }

        @Test func `accepts the largest limit and the longest age`() async throws {
            let installation = try await Installation(broker: "amqp://127.0.0.1:1")
            try await installation.operate(["migrate"])
            try await installation.operate(
                ["outbox", "list", "--limit", "9223372036854775807", "--since", "3000000d"])
        }

        @Test(arguments: [
            ("OUTBOX_RETENTION", "9223372036854775807"), ("OUTBOX_RETENTION", "-1"),
            ("SESSION_COOKIE_AGE", "1e9"), ("HTTP_PORT", "65536"),
            ("ACCOUNT_RATE_LIMITS", #"{"login": "1/99999999999999999d"}"#),
            ("PASSWORD_SCRYPT_COST", "9223372036854775807"),
        ])
        func `reports a setting out of range by name and does not start`(_ name: String, _ value: String)
            async throws
        {
            let installation = try await Installation(broker: "amqp://127.0.0.1:1")
            let program = try Program(
                "auth-signals", ["serve"], environment: installation.environment.merging([name: value]) { $1 }
            )
            let code = try await program.exitCode()
            #expect(code == 2, "\(program.log)")
            #expect(program.log.contains(name), "\(program.log)")
        }
    }
}
