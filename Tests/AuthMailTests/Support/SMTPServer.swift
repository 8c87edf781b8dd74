// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import Synchronization
import Testing

/// A real SMTP server: Python's aiosmtpd, see `Fixtures/smtp_servers.py`.
final class SMTPServer: Sendable {
    /// Members of the script's `Options`; the values are strings, numbers and booleans.
    typealias Behaviour = [String: any Sendable]

    struct Received: Decodable, Sendable {
        var sender: String
        var recipients: [String]
        var options: [String]
        var user: String?
        var tls: Bool
        /// The number of its connection, counted from 1.
        var connection: Int
        var message: ForeignMail
    }

    private struct Ready: Decodable { var port: Int }

    private struct State {
        var port: Int?
        var mails: [Received] = []
        var events: [String] = []
    }

    private let state = Mutex(State())
    private let id = UUID().uuidString

    /// Runs a server while `body` runs.
    static func run<R>(_ behaviour: Behaviour = [:], _ body: (SMTPServer) async throws -> R) async throws -> R
    {
        let peer = try PythonPeer.shared.get()
        let server = SMTPServer()
        try peer.order(server.id, "listen", behaviour) { event, line in server.take(event, line) }
        try await eventually("the mail server is listening") { server.state.withLock { $0.port != nil } }
        let result: Result<R, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        try peer.order(server.id, "stop")
        try await eventually("the mail server has stopped") { server.count("stopped") == 1 }
        peer.forget(server.id)
        return try result.get()
    }

    var port: Int { state.withLock { $0.port ?? 0 } }
    var mails: [Received] { state.withLock { $0.mails } }
    /// How often an event was reported, such as `connected`, `hanging` or `closed`.
    func count(_ event: String) -> Int { state.withLock { $0.events.count { $0 == event } } }

    private func take(_ event: String, _ line: Data) {
        state.withLock { state in
            state.events.append(event)
            if event == "ready" { state.port = try? JSONDecoder().decode(Ready.self, from: line).port }
            if let mail = try? JSONDecoder().decode(Received.self, from: line) { state.mails.append(mail) }
        }
    }
}
