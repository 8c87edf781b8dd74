// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import Testing

@testable import AuthServiceKit

@Suite struct ListeningServiceTests {
    private let requests = Locked<[String]>([])

    /// Runs the body while a server with some routes listens.
    private func listening(
        _ change: (inout ListenerSettings) -> Void = { _ in },
        around: @escaping ListeningService.Around = { _, serve in await serve() },
        _ body: @escaping @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "port").path
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.get("/page/:name") { _, context in
            requests.change { $0.append(context.parameters.get("name") ?? "") }
            return "hello"
        }
        router.post("/length") { request, _ in
            "\(try await request.body.collect(upTo: 1000).readableBytes) bytes"
        }
        router.post("/refused") { _, _ in Response(status: .contentTooLarge) }
        var settings = ListenerSettings(
            setting: "HTTP_PORT", host: "127.0.0.1", port: 0, portFile: PortFile(path: file), bodyLimit: 1000)
        change(&settings)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let service = ListeningService(
            router.buildResponder(), settings: settings, logger: logger, around: around)
        let group = ServiceGroup(services: [service], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                let port = try await eventualValue("the server listens") {
                    (try? String(contentsOfFile: file, encoding: .utf8)).flatMap {
                        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
                    }
                }
                do { try await body(port) } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
    }

    private func get(_ path: String, _ method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: test\r\n\r\n"
    }

    @Test func `a client that sends Expect: 100-continue receives 100 Continue`() async throws {
        try await listening { port in
            let client = try RawClient(port: port)
            client.send(
                "POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("12345")
            #expect(try await client.receive(until: "5 bytes").hasPrefix("HTTP/1.1 200 OK\r\n"))
            // The connection stays open.
            client.send(get("/page/next"))
            #expect(try await client.receive(until: "hello").hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func `a refused body is not requested, and the connection closes`() async throws {
        try await listening { port in
            let client = try RawClient(port: port)
            client.send(
                "POST /refused HTTP/1.1\r\nHost: test\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"
            )
            let answer = try await client.receive(until: nil)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.lowercased().contains("connection: close\r\n"))
        }
    }

    @Test func `HEAD is GET without a body, and the connection stays open`() async throws {
        try await listening { port in
            let client = try RawClient(port: port)
            client.send(get("/page/one"))
            let full = try await client.receive(until: "hello")
            client.send(get("/page/two", "HEAD") + get("/page/three") + get("/none", "HEAD"))
            let head = try await client.receive(until: "\r\n\r\n")
            let withoutDate: (String) -> [Substring] = { text in
                text.split(separator: "\r\n").filter { !$0.lowercased().hasPrefix("date:") && $0 != "hello" }
            }
            #expect(withoutDate(head) == withoutDate(full))
            #expect(head.lowercased().contains("content-length: 5\r\n"))
            #expect(try await client.receive(until: "hello").hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(try await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test func `a request that is not complete in time closes the connection`() async throws {
        try await listening {
            $0.requestTimeout = .seconds(1)
        } _: { port in
            let client = try RawClient(port: port)
            client.send("POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n1")
            _ = try await client.receive(until: nil)
            // The same for a request that was answered before its body was complete.
            let other = try RawClient(port: port)
            other.send("POST /refused HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n1")
            #expect(try await other.receive(until: nil).hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `connections above the maximum wait until another one ends`() async throws {
        try await listening {
            $0.maximumConnections = 1
        } _: { port in
            var first: RawClient? = try RawClient(port: port)
            first?.send(get("/page/a0"))
            _ = try await first?.receive(until: "hello")
            let second = try RawClient(port: port)
            second.send(get("/page/b"))
            for number in 1...50 {
                first?.send(get("/page/a\(number)"))
                _ = try await first?.receive(until: "hello")
            }
            #expect(!requests.value.contains("b"))
            first = nil
            _ = try await second.receive(until: "hello")
            #expect(requests.value.last == "b")
        }
    }

    @Test(arguments: [false, true])
    func `reports a client that disconnects`(sendsOnly: Bool) async throws {
        let gone = Locked(0)
        try await listening(around: { connection, serve in
            connection.onClose { gone.change { $0 += 1 } }
            await serve()
        }) { port in
            var client: RawClient? = try RawClient(port: port)
            client?.send(get("/page/a"))
            _ = try await client?.receive(until: "hello")
            #expect(gone.value == 0)
            if sendsOnly { client?.endSending() } else { client = nil }
            try await eventually("the disconnect is reported") { gone.value == 1 }
        }
        #expect(gone.value == 1)
    }

    @Test func `reports an invalid host by its setting`() async throws {
        let error = await #expect(throws: ProcessFailure.self) {
            try await listening {
                $0.host = "fe80::1%nosuchif"
            } _: { _ in
            }
        }
        #expect(error?.message.hasPrefix("HTTP_PORT: cannot listen on [fe80::1%nosuchif]:0: ") == true)
    }
}
