// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import ConformanceReplay
import Foundation
import Hummingbird
import ServerTesting
import Testing

/// Replays the recorded flows on the routes with a store in memory, fast enough for every build.
/// `EndToEndTests` replays them on the programs with a broker.
@Suite("Recorded flows")
struct ConformanceTests {
    @Test(arguments: try Scenario.all())
    func `each step returns and emits what was recorded`(scenario: Scenario) async throws {
        var reader = SettingsReader(scenario.environment)
        let settings = AccountSettings(reading: &reader)
        try reader.check()
        let server = try TestServer(providers: [BelievingProvider()]) { $0 = settings }
        try await server.app { app in
            try await ScenarioReplay.run(scenario, against: ServerInMemory(server: server, app: app))
        }
    }
}

private struct ServerInMemory: ScenarioServer {
    let server: TestServer
    let app: AppClient

    func call(_ method: String, _ path: String, _ body: JSONValue?, token: String?) async throws
        -> (status: Int, body: JSONValue)
    {
        app.token = token
        let reply = try await app.send(
            try #require(HTTPRequest.Method(method)), String(path.dropFirst()), body)
        return (reply.status, reply.body)
    }

    func newestMailed(_ part: ScenarioMailPart) async throws -> String {
        try await server.newestMailed(part == .key ? "url" : "code")
    }

    func signals(atLeast count: Int) async throws -> [ReplayedSignal] {
        try await server.deliver()
        return try await server.drafts().map { draft in
            ReplayedSignal(
                name: draft.name.rawValue, data: try JSONDecoder().decode(JSONValue.self, from: draft.data))
        }
    }

    func allSignals() async throws -> [ReplayedSignal] { try await signals(atLeast: 0) }
}
