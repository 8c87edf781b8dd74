// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
import Foundation
import Hummingbird
import ServerTesting
import Testing

@testable import AuthDashboard

@Suite struct NumbersPageTests {
    @Test func `reads a page with credentials`() async throws {
        let answer = try await read("/private", credentials: ("ada", "geheim"))
        #expect(try answer.get() == Array("Basic YWRhOmdlaGVpbQ==".utf8))
    }

    @Test func `does not read a body beyond its limit`() async throws {
        let answer = try await read("/large")
        #expect(throws: HTTPFault(.tooLarge, "the response is too large")) { try answer.get() }
    }

    @Test(arguments: [
        ("/denied", "access denied (status 401)"), ("/moved", "the response has status 302"),
        ("/missing", "the response has status 404"),
    ])
    func `reports another status`(path: String, message: String) async throws {
        let answer = try await read(path)
        #expect(throws: HTTPFault(.other, message)) { try answer.get() }
    }

    @Test func `does not wait for a page that never ends`() async throws {
        let answer = try await read("/endless", timeout: .milliseconds(200))
        guard case .failure(let fault) = answer else {
            Issue.record("the page was read")
            return
        }
        #expect(fault.cause == .timedOut)
    }

    private func read(
        _ path: String, credentials: (user: String, password: String)? = nil, timeout: Duration = .seconds(30)
    ) async throws -> Result<[UInt8], HTTPFault> {
        let (held, release) = AsyncStream<Void>.makeStream()
        let router = Router()
        router.get("/private") { request, _ in request.headers[.authorization] ?? "" }
        router.get("/large") { _, _ in String(repeating: "x", count: 2 << 20) }
        router.get("/denied") { _, _ in Response(status: .unauthorized) }
        router.get("/moved") { _, _ in Response.redirect(to: "/private", type: .found) }
        router.get("/endless") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "auth_signals_"))
                    for await _ in held {}
                    try await writer.finish(nil)
                })
        }
        let connections = HTTPConnections(connectTimeout: .seconds(5))
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)))
        let answer = try await application.test(.live) { client in
            let port = try #require(client.port)
            let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
            let page = NumbersPage(url: url, credentials: credentials, timeout: timeout)
            let answer = await page.read(with: connections)
            release.finish()
            await connections.shutdown()
            return answer
        }
        return answer
    }
}
