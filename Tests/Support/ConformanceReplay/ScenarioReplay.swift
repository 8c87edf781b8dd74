// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Testing

/// A client that runs the steps of a scenario and compares every status, pending flow, error code and signal, in
/// order.
package struct ScenarioReplay {
    private let server: any ScenarioServer
    private var token: String?
    private var signals = 0

    /// Replays a scenario against a server that has just started.
    package static func run(_ scenario: Scenario, against server: some ScenarioServer) async throws {
        var replay = ScenarioReplay(server: server)
        for step in scenario.steps { try await replay.run(step) }
        let surplus = try await server.allSignals().dropFirst(replay.signals)
        #expect(surplus.map(\.name) == [])
    }

    private init(server: some ScenarioServer) { self.server = server }

    private mutating func run(_ step: Scenario.Step) async throws {
        if !step.session { token = nil }
        let (status, body) = try await server.call(
            step.method, step.path, try await filled(step.body), token: token)
        let told = Comment(rawValue: "step “\(step.step)”: \(body)")
        #expect(status == step.expect.status, told)
        #expect(body["status"] == .integer(Int64(status)), told)
        #expect(body["meta"]?["is_authenticated"]?.bool == step.expect.isAuthenticated, told)
        let pending = body.list("data", "flows").filter { $0["is_pending"] == true }
        #expect(pending.compactMap { $0["id"]?.string } == step.expect.pending, told)
        #expect(body.list("errors").compactMap { $0["code"]?.string } == step.expect.errorCodes, told)
        if status == 410 {
            token = nil
        } else if let new = body["meta"]?["session_token"]?.string {
            token = new
        }
        try await compare(step)
    }

    private mutating func compare(_ step: Scenario.Step) async throws {
        let expected = step.expect.signals
        let new = try await server.signals(atLeast: signals + expected.count).dropFirst(signals)
        signals += expected.count
        // The position of a mail's signal among the others is not defined; all others are compared in order.
        let mailed = EmailConfirmationSent.name.rawValue
        let names = { (all: [String]) in all.filter { $0 != mailed } + all.filter { $0 == mailed } }
        #expect(names(new.map(\.name)) == names(expected.map(\.name)), "step “\(step.step)”")
        for signal in expected {
            #expect(
                new.contains { $0.name == signal.name && $0.data.contains(signal.data) },
                "step “\(step.step)”: \(signal.name) with \(signal.data) among \(new.map(\.data))")
        }
    }

    /// Replaces the placeholders in a body with the key or code of the newest mail.
    private func filled(_ body: JSONValue?) async throws -> JSONValue? {
        switch body {
        case nil, .null?: return nil
        case .object(let members)?:
            var filled: [String: JSONValue] = [:]
            for (name, value) in members { filled[name] = try await self.filled(value) ?? .null }
            return .object(filled)
        case .string(let text)?:
            guard let part = ScenarioMailPart(rawValue: text) else { return body }
            return .string(try await server.newestMailed(part))
        default: return body
        }
    }
}

extension JSONValue {
    /// Whether this value contains every member of the other value, at any depth.
    package func contains(_ other: JSONValue) -> Bool {
        guard case .object(let members) = other else { return self == other }
        return members.allSatisfy { name, value in self[name]?.contains(value) ?? (value == .null) }
    }

    /// The array at a path of members; empty if it does not exist.
    fileprivate func list(_ path: String...) -> [JSONValue] {
        var value = Optional(self)
        for name in path { value = value?[name] }
        if case .array(let values)? = value { return values }
        return []
    }
}
