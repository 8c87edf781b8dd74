// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Faults around a running server")
    struct ServeFaultTests {
        private func installation(_ settings: [String: String] = [:]) async throws -> Installation {
            try await Installation(
                broker: "amqp://127.0.0.1:1", settings: ["LOG_LEVEL": "info"].merging(settings) { $1 })
        }

        /// A client that sends a part of a request body and waits for the response. It begins the body when the server
        /// asks for it: the server has then read the head.
        private func halfABody(to server: Server) async throws -> Program {
            let port = try #require(URL(string: server.base)?.port)
            let client = try Program(
                URL(filePath: "/bin/bash"),
                [
                    "-c",
                    """
                    exec 3<>/dev/tcp/127.0.0.1/\(port)
                    printf 'POST /_allauth/app/v1/auth/login HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 99\\r\\n' >&3
                    printf 'Expect: 100-continue\\r\\n\\r\\n' >&3
                    read -r line <&3
                    case $line in 'HTTP/1.1 100 '*) ;; *) exit 1 ;; esac
                    printf '{' >&3
                    echo sent
                    exec cat <&3
                    """,
                ], environment: [:])
            try await eventually("the partial body is sent") { client.output.contains("sent") }
            return client
        }

        @Test func `reports a port that is in use in one line`() async throws {
            // An installation deletes its folder when it is deallocated.
            let (one, other) = (try await installation(), try await installation())
            defer { withExtendedLifetime((one, other)) {} }
            let first = try await one.serve(["--no-relay"])
            let port = try #require(URL(string: first.base)?.port)
            let second = try Program(
                "auth-signals", ["serve", "--no-relay"],
                environment: other.environment.merging(["HTTP_PORT": "\(port)"]) { $1 })
            #expect(try await second.exitCode() == 1)
            let lines = second.log.split(separator: "\n")
            #expect(lines.count == 1, "\(second.log)")
            #expect(lines.last?.contains("HTTP_PORT: cannot listen on 127.0.0.1:\(port)") == true)
            try await first.program.stop()
        }

        @Test func `a partial request body does not delay the shutdown`() async throws {
            let installation = try await installation()
            defer { withExtendedLifetime(installation) {} }
            let server = try await installation.serve(["--no-relay"])
            let client = try await halfABody(to: server)
            server.program.send(SIGTERM)
            #expect(try await server.program.exitCode(within: .seconds(15)) == 0)
            _ = try await client.exitCode()
            #expect(client.output.contains(" 408 "), "\(client.output)")
        }

        @Test func `a second signal ends the server immediately with exit code 1`() async throws {
            let installation = try await installation()
            defer { withExtendedLifetime(installation) {} }
            let server = try await installation.serve(["--no-relay"])
            let client = try await halfABody(to: server)
            try await eventually(within: .seconds(15), "the server ends") {
                server.program.send(SIGINT)
                return !server.program.isRunning
            }
            #expect(try await server.program.exitCode() == 1)
            #expect(server.program.log.contains("stopped at once by a second signal"))
            try await client.stop()
        }

        @Test(.enabled(if: TestStore.isSQLite, "the test moves the file"), arguments: [false, true])
        func `rejects requests while the store file is deleted or replaced`(isReplaced: Bool)
            async throws
        {
            let installation = try await installation()
            let server = try await installation.serve(["--no-relay"])
            let (file, aside) = (installation.folder.path("auth.sqlite"), installation.folder.path("aside"))
            #expect(try await server.readiness().status == 200)
            try FileManager.default.moveItem(atPath: file, toPath: aside)
            if isReplaced { try FileManager.default.copyItem(atPath: aside, toPath: file) }

            let refused = try await server.call("POST", "/auth/signup", Installation.ada)
            #expect(refused.status == 503)
            let readiness = try await server.readiness()
            #expect(readiness.status == 503)
            #expect(readiness.part("store")?.contains("deleted or replaced") == true)

            if isReplaced { try FileManager.default.removeItem(atPath: file) }
            try FileManager.default.moveItem(atPath: aside, toPath: file)
            #expect(try await server.readiness().status == 200)
            // The rejected sign-up has left no rows, so that it succeeds now.
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await server.program.stop()
        }

        @Test(arguments: [
            ("auth-signals", ["serve", "--nope"], "--nope"), ("auth-signals", ["nope"], "nope"),
            ("auth-signals", ["outbox", "list", "--limit", "x"], "--limit"),
            ("auth-consumer", [], "--queue"),
            ("auth-consumer", ["--queue", "q", "--bind", "a..b"], "a..b"),
            ("auth-consumer", ["--queue", "q", "--bind", "account.#", "Account.*"], "Account.*"),
            ("auth-consumer", ["--queue", "q", "--bind", "#", "--concurrency", "0"], "--concurrency"),
        ])
        func `an invalid command line exits with 2 and prints one line`(
            program: String, arguments: [String], word: String
        ) async throws {
            let wrong = try Program(program, arguments, environment: try await installation().environment)
            #expect(try await wrong.exitCode() == 2)
            #expect(wrong.output == "")
            #expect(wrong.log.split(separator: "\n").count == 1, "\(wrong.log)")
            #expect(wrong.log.hasPrefix("\(program): "))
            #expect(wrong.log.contains(word))

            let help = try Program(program, ["--help"], environment: [:])
            #expect(try await help.exitCode() == 0)
            #expect(help.output.contains("USAGE"))
        }
    }
}
