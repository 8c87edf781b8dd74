// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird
import Testing

/// The recorded flows, over the routes and a store in memory.
@Suite("Recorded flows")
struct ConformanceTests {
    @Test(arguments: Scenario.account)
    func `each step answers and emits what was recorded`(scenario: Scenario) async throws {
        var settings = AccountSettings()
        try scenario.apply(to: &settings)
        settings.rateLimits = .off
        settings.links.confirmEmail = "http://front/verify-email/{key}"
        settings.links.resetPasswordFromKey = "http://front/reset/{key}"
        let wanted = settings
        let server = try TestServer { $0 = wanted }
        try await server.app { app in
            for step in scenario.steps { try await replay(step, app, server) }
        }
    }

    private func replay(_ step: Scenario.Step, _ app: AppClient, _ server: TestServer) async throws {
        if !step.session { app.token = nil }
        let before = try await server.drafts().count
        let body = try await fill(step.body, server)
        let reply = try await app.send(
            try #require(HTTPRequest.Method(step.method)), String(step.path.dropFirst()), body)
        let name = Comment(rawValue: step.step)
        #expect(reply.status == step.expect.status, name)
        #expect(reply.isAuthenticated?.bool == step.expect.is_authenticated, name)
        #expect(reply.pending == step.expect.pending, name)
        #expect(reply.errorCodes == step.expect.error_codes, name)
        #expect(reply.body["status"] == .integer(Int64(reply.status)), name)

        try await server.deliver()
        let emitted = try await server.drafts().dropFirst(before)
        let mailed = "account.email_confirmation_sent"
        let expected = step.expect.signals
        // Mail is delivered after the commit: its signal may come at another place.
        #expect(
            emitted.map(\.name.rawValue).filter { $0 != mailed }
                == expected.map(\.name).filter { $0 != mailed }, name)
        #expect(emitted.count == expected.count, name)
        for signal in expected {
            let all = try emitted.filter { $0.name.rawValue == signal.name }
                .map { try JSONDecoder().decode(JSONValue.self, from: $0.data) }
            #expect(all.contains { $0.contains(signal.data) }, name)
        }
    }

    private func fill(_ body: JSONValue?, _ server: TestServer) async throws -> JSONValue? {
        guard case .object(var members)? = body else { return body == .null ? nil : body }
        for (name, value) in members {
            switch value.string {
            case "{{the key in the newest mail's link}}":
                members[name] = .string(try await server.newestMailed("url"))
            case "{{the code in the newest mail}}":
                members[name] = .string(try await server.newestMailed("code"))
            default: break
            }
        }
        return .object(members)
    }
}

extension JSONValue {
    /// Whether every member of the other is here, with the same value.
    func contains(_ part: JSONValue) -> Bool {
        guard case .object(let members) = part else { return self == part }
        return members.allSatisfy { self[$0.key]?.contains($0.value) == true }
    }
}
