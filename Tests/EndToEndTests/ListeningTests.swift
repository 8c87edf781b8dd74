// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Listening addresses and connection limits")
    struct ListeningTests {
        private func installation(_ settings: [String: String] = [:]) async throws -> Installation {
            try await Installation(
                broker: "amqp://127.0.0.1:1/", settings: ["LOG_LEVEL": "info"].merging(settings) { $1 })
        }

        /// An unused port of `host`; nil if the system does not have this address.
        private func freePort(on host: String) throws -> Int? {
            var hints = addrinfo()
            hints.ai_flags = AI_NUMERICHOST
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var found: UnsafeMutablePointer<addrinfo>?
            guard getaddrinfo(host, "0", &hints, &found) == 0, let found else { return nil }
            defer { freeaddrinfo(found) }
            let socket = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(socket) }
            guard bind(socket, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else { return nil }
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let port = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = getsockname(socket, $0, &length)
                }
                // The port has the same offset in IPv4 and IPv6 addresses.
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    Int(UInt16(bigEndian: $0.pointee.sin_port))
                }
            }
            return port
        }

        @Test(arguments: ["127.0.0.1", "0.0.0.0", "::1", "::"])
        func `deploy/ready probes the address of METRICS_HOST`(host: String) async throws {
            guard let port = try freePort(on: host) else { return }
            let settings = ["METRICS_HOST": host, "METRICS_PORT": "\(port)"]
            let installation = try await installation(settings)
            let server = try await installation.serve(["--no-relay"])
            try await eventually("the server is ready") {
                let probe = try Program(
                    URL(filePath: "/bin/bash"), [Repository.root.appending(path: "deploy/ready").path],
                    environment: settings)
                return try await probe.exitCode() == 0
            }
            try await server.program.stop()
        }

        @Test func `a server that stops is not ready and still serves for HTTP_DRAIN`() async throws {
            let installation = try await installation(["HTTP_DRAIN": "10"])
            let server = try await installation.serve(["--no-relay"])
            #expect(try await server.readiness().status == 200)
            server.program.send(SIGTERM)
            let unready = try await eventualValue("the server is not ready") {
                let answer = try await server.readiness()
                return answer.status == 503 ? answer : nil
            }
            #expect(unready.part("stopping") == "true")
            #expect(try await server.call("GET", "/config").status == 200)
            #expect(try await server.program.exitCode() == 0)
        }

        @Test func `a server survives more clients than it has file descriptors`() async throws {
            let installation = try await installation()
            let portFile = installation.folder.path("port")
            let server = try Program(
                URL(filePath: "/bin/bash"),
                [
                    "-c", "ulimit -n 100; exec \"$0\" serve --no-relay --port-file \"$1\"",
                    Repository.executable("auth-signals").path, portFile,
                ], environment: installation.environment)
            let port = try await eventualValue("the server listens: \(server.log)") {
                try? String(contentsOfFile: portFile, encoding: .utf8).trimmingCharacters(
                    in: .whitespacesAndNewlines)
            }
            let request = #"printf 'HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'"#
            let clients = try Program(
                URL(filePath: "/bin/bash"),
                [
                    "-c",
                    """
                    for number in $(seq 10 150); do eval "exec $number<>/dev/tcp/127.0.0.1/\(port)"; done
                    echo connected
                    exec tail -f /dev/null
                    """,
                ], environment: [:])
            try await eventually("all are connected") { clients.output.contains("connected") }
            try await clients.stop(SIGKILL)
            let last = try Program(
                URL(filePath: "/bin/bash"),
                ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port); \(request) >&3; exec cat <&3"], environment: [:])
            #expect(try await last.exitCode() == 0)
            #expect(last.output.hasPrefix("HTTP/1.1 200 OK"))
            #expect(!last.output.contains("alive"))
            try await server.stop()
        }
    }
}
