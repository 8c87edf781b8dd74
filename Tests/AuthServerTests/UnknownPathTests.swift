// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import Hummingbird
import ServerTesting
import Testing

@Suite("Unknown paths and methods")
struct UnknownPathTests {
    private func ask(_ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String)
        async throws -> APIReply
    {
        try APIReply(
            try await client.executeRequest(
                uri: "/_allauth" + path, method: method, headers: [:], body: nil))
    }

    @Test(arguments: [
        "", "/", "/x", "/app", "/app/v1", "/app/v2/config", "/app/v1/unknown", "/app/v1/auth",
        "/app/v1/auth/unknown", "/app/v1/auth/login/more", "/browser/v1/account", "/browser/v1/auth/email",
        "/browser/v1/auth/email/verify/resend/again",
    ])
    func `an unknown path is 404 in the API's format, whatever the method`(path: String) async throws {
        try await TestServer().run { client in
            for method in [HTTPRequest.Method.get, .post, .delete] {
                let reply = try await ask(client, method, path)
                #expect(reply.status == 404)
                #expect(reply.body == ["status": 404])
                #expect(reply.headers[.contentType] == "application/json")
            }
        }
    }

    @Test(arguments: [
        ("config", "GET, HEAD"), ("auth/login", "POST"), ("auth/session", "DELETE, GET, HEAD"),
        ("auth/email/verify", "GET, HEAD, POST"), ("account/email", "DELETE, GET, HEAD, PATCH, POST, PUT"),
    ])
    func `an unsupported method is 405 with Allow`(path: String, allowed: String)
        async throws
    {
        let server = try TestServer()
        try await server.run { client in
            let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
            for kind in ["app", "browser"] {
                for method in methods where !allowed.contains(method.rawValue) {
                    let reply = try await ask(client, method, "/\(kind)/v1/\(path)")
                    #expect(reply.status == 405, "\(method)")
                    #expect(reply.headers[.allow] == allowed)
                    #expect(reply.body == (method == .head ? .null : ["status": 405]))
                }
            }
        }
        #expect(try await server.writes() == [0, 0])
    }
}
