// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import AuthTesting
import Foundation
import Testing

/// Connections that are kept, shared and closed.
@Suite struct ConnectionReuseTests {
    @Test func `requests one after the other share a connection`() async throws {
        try await ConnectionsFixture.serving { fixture in
            for _ in 0..<5 { _ = try await fixture.send(try fixture.request("/hello")) }
            var ignoring = try fixture.request("/hello")
            ignoring.responseBody = .ignored(upTo: 100)
            _ = try await fixture.send(ignoring)
            _ = try await fixture.send(try fixture.request("/hello"))
            try await eventually("all are received") { fixture.server.requests.count == 8 }
            #expect(fixture.accepted == 1)
        }
    }

    @Test func `a kept connection that the server has closed is replaced`() async throws {
        try await ConnectionsFixture.serving { fixture in
            for _ in 0..<3 {
                let response = try await fixture.send(try fixture.request("/last"))
                #expect(response.body == Array("last".utf8))
            }
            try await eventually("all are received") { fixture.server.requests.count == 6 }
            #expect(fixture.accepted == 3)
        }
    }

    @Test func `a request is repeated only once, however many connections are kept`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let together = try fixture.request("/together")
            await withTaskGroup(of: HTTPFault?.self) { group in
                for _ in 0..<8 { group.addTask { await fixture.fault(together) } }
                for await fault in group { #expect(fault == nil) }
            }
            var post = try fixture.request("/gone")
            post.method = "POST"
            post.body = Array("once".utf8)
            #expect(await fixture.fault(post)?.cause == .closed)
            // Its line is printed after those of the repetitions.
            _ = try await fixture.send(try fixture.request("/hello"))
            try await eventually("all are received") {
                fixture.server.requests.contains("GET /hello HTTP/1.1")
            }
            #expect(fixture.server.requests.filter { $0 == "POST /gone HTTP/1.1" }.count == 2)
            #expect(fixture.accepted == 9)
        }
    }

    @Test func `requests run concurrently`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let request = try fixture.request("/together")
            for _ in 0..<2 {
                let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                    for _ in 0..<8 { group.addTask { try await fixture.send(request).body } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(bodies == Array(repeating: Array("together".utf8), count: 8))
            }
            // The second round uses the connections of the first.
            try await eventually("all are received") { fixture.server.requests.count == 24 }
            #expect(fixture.accepted == 8)
        }
    }

    // MARK: Endings

    @Test func `a cancelled task aborts its request only`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let silent = try fixture.request("/silent", timeout: .seconds(3600))
            let task = Task { await fixture.fault(silent) }
            try await eventually("the request is sent") { fixture.server.requests.count == 2 }
            task.cancel()
            #expect(await task.value?.cause == .timedOut)
            #expect(try await fixture.send(try fixture.request("/hello")).status == 200)
        }
    }

    @Test func `a task that is already cancelled sends no request`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let silent = try fixture.request("/silent", timeout: .seconds(3600))
            let task = Task { () -> HTTPFault? in
                withUnsafeCurrentTask { $0?.cancel() }
                return await fixture.fault(silent)
            }
            #expect(await task.value?.cause == .timedOut)
            #expect(fixture.server.requests.isEmpty)
        }
    }

    @Test func `a shutdown fails requests in flight and later ones, and can be repeated`() async throws {
        try await ConnectionsFixture.serving { fixture in
            let silent = try fixture.request("/silent", timeout: .seconds(3600))
            let tasks = (0..<3).map { _ in Task { await fixture.fault(silent) } }
            try await eventually("the requests are sent") { fixture.server.requests.count == 6 }
            await fixture.connections.shutdown()
            for task in tasks { #expect(await task.value?.cause == .shutDown) }
            let later = await fixture.fault(try fixture.request("/hello"))
            #expect(later?.cause == .shutDown)
            await fixture.connections.shutdown()
        }
    }

    @Test func `unused connections can be shut down or released`() async {
        await HTTPConnections(connectTimeout: .seconds(1)).shutdown()
        _ = HTTPConnections(connectTimeout: .seconds(1))
    }
}
