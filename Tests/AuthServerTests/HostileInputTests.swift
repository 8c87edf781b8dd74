// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import ServerTesting
import Testing

@Suite("Hostile input")
struct HostileInputTests {
    /// An endpoint with a body, and the members that it reads.
    struct Endpoint: Sendable, CustomTestStringConvertible {
        var method: HTTPRequest.Method
        var path: String
        var texts: [String]
        var testDescription: String { "\(method) \(path)" }

        init(_ method: HTTPRequest.Method, _ path: String, _ texts: [String]) {
            self.method = method
            self.path = path
            self.texts = texts
        }
    }

    static let endpoints = [
        Endpoint(.post, "auth/signup", ["email", "password"]),
        Endpoint(.post, "auth/login", ["email", "password"]),
        Endpoint(.post, "auth/reauthenticate", ["password"]),
        Endpoint(.post, "auth/email/verify", ["key"]),
        Endpoint(.post, "account/password/change", ["current_password", "new_password"]),
        Endpoint(.post, "auth/password/request", ["email"]),
        Endpoint(.post, "auth/password/reset", ["key", "password"]),
        Endpoint(.post, "auth/code/request", ["email"]),
        Endpoint(.post, "auth/code/confirm", ["code"]),
        Endpoint(.post, "account/email", ["email"]),
        Endpoint(.put, "account/email", ["email"]),
        Endpoint(.patch, "account/email", ["email"]),
        Endpoint(.delete, "account/email", ["email"]),
        Endpoint(.delete, "auth/sessions", []),
        Endpoint(.post, "auth/provider/token", ["provider", "process"]),
        Endpoint(.post, "auth/provider/signup", ["email", "username"]),
        Endpoint(.delete, "account/providers", ["provider", "account"]),
    ]

    /// Sends the body to the endpoint without a session and with one, and expects no write.
    private func attack(
        _ endpoint: Endpoint, _ bytes: ByteBuffer, _ setup: TestingSetup = .router
    ) async throws -> [APIReply] {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.loginByCodeEnabled = true
        }
        let replies = try await server.collect(setup) { app in
            // First without a session, then with one.
            let stranger = try await app.send(endpoint.method, endpoint.path, bytes: bytes)
            app.token = nil
            let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]
            #expect(try await app.post("auth/signup", ada).status == 200)
            let before = try await server.writes()
            let token = app.token
            let known = try await app.send(endpoint.method, endpoint.path, bytes: bytes)
            #expect(try await server.writes() == before)
            app.token = token
            #expect(try await app.get("auth/session").status == 200)
            return [stranger, known]
        }
        #expect(try await server.signals() == ["account.user_signed_up", "account.user_logged_in"])
        return replies
    }

    static let malformed: [(String, ByteBuffer)] = [
        ("not JSON", ByteBuffer(string: "email=ada")),
        ("a duplicate member", ByteBuffer(string: #"{"email":"one@x.org","email":"two@x.org"}"#)),
        (
            "a duplicate member, once with an escape",
            ByteBuffer(string: #"{"email":"one@x.org","\u0065mail":"two@x.org"}"#)
        ),
        ("a duplicate inner member", ByteBuffer(string: #"{"token":{"id_token":"a","id_token":"b"}}"#)),
        ("a trailing comma", ByteBuffer(string: #"{"email":"one@x.org",}"#)),
        ("a trailing comma in a list", ByteBuffer(string: #"{"sessions":["a",]}"#)),
        ("a comment", ByteBuffer(string: #"{"email":"one@x.org"} // x"#)),
        ("a malformed number", ByteBuffer(string: #"{"email":01}"#)),
        ("half a surrogate", ByteBuffer(string: #"{"email":"\ud800"}"#)),
        ("half an object", ByteBuffer(string: #"{"email": "#)),
        ("an array", ByteBuffer(string: "[]")),
        ("a string", ByteBuffer(string: #""email""#)),
        ("null", ByteBuffer(string: "null")),
        ("two objects", ByteBuffer(string: "{}{}")),
        ("invalid UTF-8", ByteBuffer(bytes: Array(#"{"email":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8))),
        ("UTF-16", ByteBuffer(bytes: #"{"email":"a"}"#.data(using: .utf16LittleEndian)!)),
        ("a bare NUL", ByteBuffer(bytes: Array(#"{"email":"a"#.utf8) + [0] + Array(#"b"}"#.utf8))),
        (
            "half a surrogate",
            ByteBuffer(string: #"{"email":"\ud800","password":"\ud800","key":"\ud800","code":"\ud800"}"#)
        ),
        ("deep arrays", ByteBuffer(string: String(repeating: "[", count: 30_000))),
        ("deep objects", ByteBuffer(string: String(repeating: #"{"a":"#, count: 10_000))),
        (
            "a deep member",
            ByteBuffer(
                string: #"{"email":"# + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
                    + "}")
        ),
        ("a number out of range", ByteBuffer(string: #"{"email":1e999999}"#)),
    ]

    @Test(arguments: endpoints)
    func `a malformed body is 400 in the error format of the API and changes nothing`(endpoint: Endpoint)
        async throws
    {
        for (name, bytes) in Self.malformed {
            for reply in try await attack(endpoint, bytes) {
                #expect(reply.status == 400, Comment(rawValue: name))
                #expect(reply.body["status"] == 400)
                #expect(reply.errors.allSatisfy { $0["code"]?.string != nil && $0["message"]?.string != nil })
                #expect(!reply.errors.isEmpty)
            }
        }
    }

    @Test(arguments: endpoints)
    func `a member of a wrong type is 400 and is named in the error`(endpoint: Endpoint) async throws {
        for value: JSONValue in [1, true, [], [:], ["a"], .number(1.5)] {
            for text in endpoint.texts {
                let body: JSONValue = .object([text: value, "primary": true, "sessions": ["a"]])
                for reply in try await attack(endpoint, ByteBuffer(bytes: try JSONEncoder().encode(body))) {
                    #expect(reply.status == 400)
                    #expect(reply.errors.contains { $0["param"] == .string(text) && $0["code"] == "invalid" })
                }
            }
        }
    }

    @Test(arguments: endpoints)
    func `a NUL in a text is 400`(endpoint: Endpoint) async throws {
        for text in endpoint.texts {
            let body = ByteBuffer(string: #"{"\#(text)":"a\u0000b","primary":true}"#)
            for reply in try await attack(endpoint, body) {
                #expect(reply.status == 400)
                #expect(reply.errors.contains { $0["param"] == .string(text) })
            }
        }
    }

    @Test(arguments: endpoints)
    func `missing members and overlong texts change nothing`(endpoint: Endpoint) async throws {
        let long = String(repeating: "x", count: 30_000)
        let bodies: [JSONValue] = [
            [:], .object(Dictionary(uniqueKeysWithValues: endpoint.texts.map { ($0, .null) })),
            .object(
                Dictionary(
                    uniqueKeysWithValues: endpoint.texts.map {
                        ($0, .string($0 == "email" ? long + "@x.org" : long))
                    })),
        ]
        for body in bodies {
            // Without a session the reply can also be 401, or 409 if nothing is pending.
            for reply in try await attack(endpoint, ByteBuffer(bytes: try JSONEncoder().encode(body))) {
                #expect([400, 401, 409].contains(reply.status))
            }
        }
    }

    @Test(arguments: endpoints)
    func `ten megabytes are 413, with and without Content-Length`(endpoint: Endpoint) async throws {
        let body = ByteBuffer(string: #"{"email":""# + String(repeating: "x", count: 10 << 20) + #""}"#)
        for reply in try await attack(endpoint, body, .live) {
            #expect(reply.status == 413)
            #expect(reply.body["status"] == 413)
        }
        for reply in try await attack(endpoint, ByteBuffer(repeating: 0x20, count: 64 * 1024 + 1)) {
            #expect(reply.status == 413)
        }
    }
}
