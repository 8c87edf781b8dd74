// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import ProgramSupport
import Testing

/// People who sign up at several servers in turn, and then use their session at another server.
///
/// Like a proxy, it sends no request to a server that answers 503 at `/readyz`.
final class SignUps: Sendable {
    /// How a server ends.
    enum Ending {
        /// After SIGTERM; every request must be answered.
        case drained
        /// By SIGKILL; requests may stay without an answer.
        case killed
    }

    private let ending: Ending
    private let state: Locked<State>

    private struct State {
        var servers: [Server]
        var isOver = false
        var people = 0
        var answered: Set<String> = []
        var sharedSessions = 0
    }

    init(at servers: [Server], _ ending: Ending) {
        self.ending = ending
        state = Locked(State(servers: servers))
    }

    /// The ids of the users whose sign-up was answered.
    var answered: Set<String> { state.value.answered }

    /// How many sessions were used at another server than the one that created them.
    var sharedSessions: Int { state.value.sharedSessions }

    /// Sends requests to these servers from now on.
    func use(_ servers: [Server]) { state.change { $0.servers = servers } }

    /// Ends ``run()`` after the current request.
    func end() { state.change { $0.isOver = true } }

    /// Ends a server. If it is drained, it gets no requests from the moment when it is not ready.
    func end(_ server: Server) async throws {
        switch ending {
        case .killed:
            try await server.program.stop(SIGKILL)
        case .drained:
            server.program.send(SIGTERM)
            try await eventually("the server is stopping") {
                let answer = try await server.readiness()
                return answer.status == 503 && answer.part("stopping") == "true"
            }
            state.change { $0.servers.removeAll { $0.base == server.base } }
            #expect(try await server.program.exitCode() == 0)
        }
    }

    /// Signs one person up after the other.
    func run() async {
        while !state.value.isOver {
            let mine = state.change { state in
                state.people += 1
                return state.people
            }
            do {
                try await signUp(mine)
            } catch {
                // The person may or may not have an account.
                if ending == .drained { Issue.record("a request was not answered: \(error)") }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func signUp(_ number: Int) async throws {
        let servers = state.value.servers
        let server = servers[number % servers.count]
        let answer = try await server.call(
            "POST", "/auth/signup",
            ["email": "p\(number)@example.org", "password": "correct-horse-\(number)"])
        #expect(answer.status == 200, "\(answer.text)")
        guard let id = answer.userID else { return }
        state.change { _ = $0.answered.insert(id) }
        guard let token = answer.token,
            let other = state.value.servers.first(where: { $0.base != server.base })
        else { return }
        let session = try await other.call("GET", "/auth/session", token: token)
        #expect(session.status == 200 && session.userID == id, "\(session.text)")
        state.change { $0.sharedSessions += 1 }
    }
}

extension Answer {
    fileprivate var userID: String? { body["data"]?["user"]?["id"]?.string }
}
