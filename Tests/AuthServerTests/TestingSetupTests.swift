// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import ServerTesting
import Testing

/// The two ways in which tests send requests behave alike.
@Suite("Ways to send a test's requests") struct TestingSetupTests {
    private struct Broken: Error {}

    private func run<R: Sendable>(
        _ setup: TestingSetup, _ test: @Sendable (any TestClientProtocol) async throws -> R
    ) async throws -> R {
        let router = Router()
        router.post("/echo") { request, context in
            let body = try await request.body.collect(upTo: 1 << 20)
            var headers = HTTPFields()
            headers.append(HTTPFields.Element(name: .setCookie, value: "a=1"))
            headers.append(HTTPFields.Element(name: .setCookie, value: "b=2"))
            headers[.location] = request.uri.description
            headers[.server] = request.headers[.userAgent]
            headers[.contentType] = request.headers[.contentType] ?? "none"
            headers[.age] = request.headers[.contentLength] ?? "none"
            return Response(status: .conflict, headers: headers, body: ResponseBody(byteBuffer: body))
        }
        router.get("/parts") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "a"))
                    try await writer.write(ByteBuffer(string: "b"))
                    try await writer.finish(nil)
                })
        }
        router.get("/broken") { _, _ -> Response in throw Broken() }
        return try await Application(router: router, logger: .quiet).test(setup, test)
    }

    @Test(arguments: [TestingSetup.router, .live])
    func `the application receives path, query, headers and body, and its response is returned`(
        setup: TestingSetup
    ) async throws {
        let text = String(repeating: "x", count: 100_000)
        try await run(setup) { client in
            let response = try await client.executeRequest(
                uri: "/echo?a=%2F", method: .post, headers: [.userAgent: "Tests/1"],
                body: ByteBuffer(string: text))
            #expect(response.status == .conflict)
            #expect(response.headers[values: .setCookie] == ["a=1", "b=2"])
            #expect(response.headers[.location] == "/echo?a=%2F")
            #expect(response.headers[.server] == "Tests/1")
            #expect(response.headers[.contentType] == "none")
            #expect(response.headers[.age] == "100000")
            #expect(String(buffer: response.body) == text)
        }
    }

    @Test(arguments: [TestingSetup.router, .live])
    func `a body in parts is returned whole, and an error is a 500`(setup: TestingSetup) async throws {
        try await run(setup) { client in
            try await client.execute(uri: "/parts", method: .get) {
                #expect(String(buffer: $0.body) == "ab")
            }
            try await client.execute(uri: "/broken", method: .get) {
                #expect($0.status == .internalServerError)
            }
            try await client.execute(uri: "/unknown", method: .get) { #expect($0.status == .notFound) }
        }
    }

    @Test(arguments: [TestingSetup.router, .live])
    func `the closure's value is returned and its error thrown`(setup: TestingSetup) async throws {
        #expect(try await run(setup) { $0.port != nil } == (setup == .live))
        await #expect(throws: Broken.self) { try await run(setup) { _ in throw Broken() } }
    }
}
