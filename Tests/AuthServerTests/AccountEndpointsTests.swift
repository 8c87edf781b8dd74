// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import Testing

@Suite("Account endpoints")
struct AccountEndpointsTests {
    let ada: JSONValue = ["email": "ada@example.org", "password": "Sup3r-Secret-x9"]

    @Test func `lists and ends sessions, the current one last`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            let first = app.token
            app.token = nil
            _ = try await app.post("auth/login", ada)

            let list = try await app.get("auth/sessions")
            #expect(list.status == 200)
            guard case .array(let sessions)? = list.body["data"] else { throw Absent() }
            #expect(sessions.count == 2)
            let other = try #require(sessions.first { $0["is_current"] == false })
            let own = try #require(sessions.first { $0["is_current"] == true })
            #expect(other["created_at"] != nil && other["ip"] != nil && other["user_agent"] != nil)
            #expect(other["id"]?.string != first)

            let wrong = try await app.delete("auth/sessions", ["sessions": ["1"]])
            #expect(wrong.errorCodes == ["invalid_choice"])
            #expect(try await app.delete("auth/sessions", [:]).errorCodes == ["required"])
            let ended = try await app.delete("auth/sessions", ["sessions": [other["id"] ?? .null]])
            #expect(ended.status == 200)
            let last = try await app.delete("auth/sessions", ["sessions": [own["id"] ?? .null]])
            #expect(last.status == 401)
            #expect(last.isAuthenticated == false)
            #expect(try await app.get("auth/sessions").status == 410)
            app.token = first
            #expect(try await app.get("auth/session").status == 410)
        }
        #expect(try await server.signals().filter { $0 == "account.user_logged_out" }.count == 1)
    }

    struct Absent: Error {}

    @Test func `a stale session is 401 with the user and the reauthenticate flow`() async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.reauthenticationRequired = true
            $0.reauthenticationTimeout = 0
        }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            let stale = try await app.post("account/email", ["email": "more@example.org"])
            #expect(stale.status == 401)
            #expect(stale.isAuthenticated == true)
            #expect(stale.flowIDs == ["reauthenticate"])
            #expect(stale.body["data"]?["user"]?["email"] == "ada@example.org")
            #expect(stale.body["data"]?["methods"] != nil)
            let wrong = try await app.post("auth/reauthenticate", ["password": "wrong-Password-1"])
            #expect(wrong.status == 400)
            #expect(wrong.errorCodes == ["incorrect_password"])
        }
    }

    @Test func `changing the address of a sign-up gives the same replies for taken and free addresses`()
        async throws
    {
        let server = try TestServer {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
            $0.emailVerificationChanges = 1
        }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            var answers: [[String]] = []
            for (number, email) in ["ada@example.org", "fresh@example.org"].enumerated() {
                app.token = nil
                var replies = [
                    try await app.post(
                        "auth/signup", ["email": .string(email), "password": "Sup3r-Secret-x9"])
                ]
                for to in [email, "", "new\(number)@example.org", "late@example.org"] {
                    replies.append(try await app.post("account/email", ["email": .string(to)]))
                }
                replies.append(try await app.get("auth/session"))
                answers.append([])
                for reply in replies {
                    // Tokens and addresses differ between the two runs.
                    let text = String(decoding: try encoder.encode(reply.body), as: UTF8.self)
                        .replacing("new\(number)@", with: "new@")
                        .replacing(app.token ?? "-", with: "TOKEN")
                    answers[number].append("\(reply.status) \(text)")
                }
                let code = try await server.newestMailed("code")
                #expect(try await app.post("auth/email/verify", ["key": .string(code)]).status == 200)
            }
            #expect(answers[0] == answers[1])
        }
    }

    @Test func `a confirmation mailed a moment ago is not mailed again: 403`() async throws {
        let server = try TestServer {
            $0.emailVerification = .optional
            $0.rateLimits.rates[.confirmEmail] = [.init(1, per: 180, .key)]
        }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            let again = try await app.send(.put, "account/email", ["email": "ada@example.org"])
            #expect(again.status == 403)
            #expect(again.body == ["status": 403])
        }
        #expect(try await server.mails().count == 1)
    }

    @Test func `making an address primary requires primary to be true`() async throws {
        try await TestServer { $0.emailVerification = .none }.app { app in
            _ = try await app.post("auth/signup", ada)
            for body: JSONValue in [
                ["email": "ada@example.org"], ["email": "ada@example.org", "primary": false],
            ] {
                let reply = try await app.send(.patch, "account/email", body)
                #expect(reply.status == 400)
                #expect(reply.errorCodes == ["required"])
                #expect(reply.errors.first?["param"] == "primary")
            }
            let list = try await app.send(
                .patch, "account/email", ["email": "ada@example.org", "primary": true])
            #expect(list.status == 200)
            #expect(list.body["data"] == [["email": "ada@example.org", "primary": true, "verified": false]])
        }
    }

    @Test func `a reset key returns its user`() async throws {
        let server = try TestServer { $0.emailVerification = .none }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            app.token = nil
            #expect(
                try await app.post("auth/password/request", ["email": "ada@example.org"]).body == [
                    "status": 200
                ])
            let key = try await server.newestMailed("url")
            let info = try await app.get("auth/password/reset", headers: ["X-Password-Reset-Key": key])
            #expect(info.status == 200)
            #expect(info.body["data"]?["user"]?["email"] == "ada@example.org")
        }
    }

    @Test func `a code can be resent as often as the setting allows, then 409`() async throws {
        let server = try TestServer {
            $0.emailVerification = .none
            $0.loginByCodeEnabled = true
            $0.loginByCodeResends = 1
        }
        try await server.app { app in
            _ = try await app.post("auth/signup", ada)
            app.token = nil
            #expect(try await app.post("auth/code/resend").status == 409)
            let asked = try await app.post("auth/code/request", ["email": "ada@example.org"])
            #expect(asked.status == 401)
            #expect(asked.pending == ["login_by_code"])
            let first = try await server.newestMailed("code")
            #expect(try await app.post("auth/code/resend").status == 200)
            #expect(try await server.newestMailed("code") != first)
            #expect(try await app.post("auth/code/resend").status == 409)
            let code = try await server.newestMailed("code")
            #expect(try await app.post("auth/code/confirm", ["code": .string(code)]).status == 200)
        }
    }
}
