// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
package import AuthSignals
import Foundation
import ToolSupport

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One installation in a temporary directory: its settings and processes.
package final class Installation: Sendable {
    package let folder: Folder
    package let environment: [String: String]
    /// Separates the names of installations that share a broker.
    private let id: String

    /// Creates the directory, and the schema if the store is in PostgreSQL: every program can open the store.
    ///
    /// - Parameters:
    ///   - broker: an AMQP URL.
    ///   - settings: additional settings, which override the default ones.
    package init(broker: String, settings: [String: String] = [:]) async throws {
        folder = try Folder()
        id = UUID().uuidString.prefix(8).lowercased()
        var store = ["STORE_URL": "sqlite:" + folder.path("auth.sqlite")]
        if TestStore.isPostgres, settings["STORE_URL"] == nil {
            store = [
                "STORE_URL": try await StoreServer.schema(), "SECRET_KEY": String(repeating: "k", count: 32),
            ]
        }
        environment = [
            "SIGNALS_SOURCE": "http://accounts.test",
            "INBOX_URL": "sqlite:" + folder.path("inbox.sqlite"), "MAIL_URL": "file:" + folder.path("mail"),
            "MAIL_FROM": "accounts@accounts.test", "BROKER_EXCHANGE": "auth.signals.\(id)", "HTTP_PORT": "0",
            "BROKER_URL": broker,
            "PASSWORD_SCRYPT_COST": "1024", "ACCOUNT_RATE_LIMITS": "false", "LOG_LEVEL": "trace",
        ].merging(store) { $1 }.merging(settings) { $1 }
    }

    /// Another host of an installation whose store and inbox are in PostgreSQL: the same settings, exchange and queues,
    /// and a directory of its own.
    package init(onAnotherHost other: Installation) throws {
        folder = try Folder()
        id = other.id
        environment = other.environment.merging(["MAIL_URL": "file:" + folder.path("mail")]) { $1 }
    }

    /// Starts `auth-signals serve` and waits until it listens.
    package func serve(_ arguments: [String] = [], settings: [String: String] = [:]) async throws -> Server {
        let portFile = folder.path("port-\(UUID().uuidString)")
        let program = try Program(
            "auth-signals", ["serve", "--port-file", portFile] + arguments,
            environment: environment.merging(settings) { $1 })
        let port = try await self.port(portFile, program)
        return Server(program: program, base: "http://127.0.0.1:\(port)")
    }

    /// Starts `auth-consumer` on a queue with the binding `#`; it prints the handled signals.
    package func consume(
        queue: String, _ arguments: [String] = [], settings: [String: String] = [:]
    ) async throws -> Worker {
        // Signals that are published before the queue is bound would be unrouted.
        try await BrokerAdmin(broker).declareExchange()
        let portFile = folder.path("port-\(UUID().uuidString)")
        let program = try Program(
            "auth-consumer",
            [
                "--queue", name(of: queue), "--bind", "#", "--format", "json", "--full", "--port-file",
                portFile,
            ]
                + arguments,
            environment: environment.merging(["METRICS_PORT": "0"]) { $1 }.merging(settings) { $1 })
        let port = try await self.port(portFile, program)
        try await eventually("the worker consumes: \(program.log)") {
            try program.checkIsAlive()
            return try await Answer("GET", "http://127.0.0.1:\(port)/readyz").status == 200
        }
        return Worker(program: program, base: "http://127.0.0.1:\(port)")
    }

    /// Starts `auth-consumer` on a queue, and stops it after the body.
    package func worker(of queue: String, _ body: (Worker) async throws -> Void) async throws {
        let worker = try await consume(queue: queue)
        try await body(worker)
        try await worker.program.stop()
    }

    /// Runs an operator's command and waits until it exits.
    ///
    /// - Parameter code: the expected exit code.
    @discardableResult
    package func operate(
        _ arguments: [String], settings: [String: String] = [:], code: Int32 = 0
    ) async throws -> Program {
        let program = try Program(
            "auth-signals", arguments,
            environment: environment.merging(["LOG_LEVEL": "info"]) { $1 }.merging(settings) { $1 })
        let ended = try await program.exitCode()
        guard ended == code else {
            let command = arguments.joined(separator: " ")
            throw Mishap("auth-signals \(command) ended with \(ended): \(program.log)")
        }
        return program
    }

    /// The name of a queue on the shared node.
    package func name(of queue: String) -> String { "\(queue)-\(id)" }

    private func port(_ file: String, _ program: Program) async throws -> Int {
        try await eventualValue("the program listens") {
            guard program.isRunning else { throw Mishap("the program ended: \(program.log)") }
            return FileManager.default.contents(atPath: file)
                .flatMap {
                    Int(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
                }
        }
    }

    /// The mails in the mail folder, oldest first.
    package func mails() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path("mail"))) ?? []
        return names.filter { $0.hasSuffix(".eml") }.sorted().compactMap { name in
            FileManager.default.contents(atPath: folder.path("mail/" + name))
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The key of the newest confirmation link.
    package func newestConfirmationKey() -> String? {
        mails().reversed().lazy.compactMap { $0.firstMatch(of: /\/confirm-email\/([A-Za-z0-9_-]+)/) }
            .first.map { String($0.1) }
    }
}

/// A running `auth-signals serve`.
package struct Server {
    package let program: Program
    package let base: String

    /// Calls the headless API.
    package func call(
        _ method: String, _ path: String, _ body: [String: String]? = nil, token: String? = nil
    ) async throws -> Answer {
        try await Answer(method, base + "/_allauth/app/v1" + path, body, token: token)
    }

    /// Requests `/readyz`.
    package func readiness() async throws -> Answer { try await Answer("GET", base + "/readyz") }
}

/// A server's response.
package struct Answer: Sendable {
    package let status: Int
    package let text: String
    package let body: JSONValue

    package init(_ method: String, _ url: String, _ body: [String: String]? = nil, token: String? = nil)
        async throws
    {
        let json = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        try await self.init(method, url, json: json, token: token)
    }

    package init(_ method: String, _ url: String, json: String?, token: String?) async throws {
        var request = URLRequest(url: URL(string: url)!, timeoutInterval: 30)
        request.httpMethod = method
        if let json {
            request.httpBody = Data(json.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        if let token { request.setValue(token, forHTTPHeaderField: "X-Session-Token") }
        let (data, response) = try await URLSession.shared.data(for: request)
        status = (response as? HTTPURLResponse)?.statusCode ?? 0
        text = String(decoding: data, as: UTF8.self)
        self.body = (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .null
    }

    /// The member `meta.session_token`.
    package var token: String? { body["meta"]?["session_token"]?.string }
    /// The member `meta.is_authenticated`.
    package var isAuthenticated: Bool? { body["meta"]?["is_authenticated"]?.bool }
    /// The ids of the pending flows.
    package var pending: [String] {
        guard case .array(let flows)? = body["data"]?["flows"] else { return [] }
        return flows.filter { $0["is_pending"]?.bool == true }.compactMap { $0["id"]?.string }
    }
    /// The error codes, in order.
    package var errorCodes: [String] {
        guard case .array(let errors)? = body["errors"] else { return [] }
        return errors.compactMap { $0["code"]?.string }
    }
    /// The status of a part of `/readyz`.
    package func part(_ name: String) -> String? { body["parts"]?[name]?.string }
}

/// A running `auth-consumer` whose handler prints the handled signals.
package struct Worker {
    package let program: Program
    /// The base URL of its metrics and health endpoints.
    package let base: String

    /// The handled signals, in order, without those that accompany others.
    package func handled() -> [Handled] {
        everyHandled().filter { (try? SignalName(validating: $0.signal))?.accompaniesOthers != true }
    }

    /// All handled signals, in order.
    package func everyHandled() -> [Handled] {
        program.output.split(separator: "\n").compactMap {
            try? JSONDecoder().decode(Handled.self, from: Data($0.utf8))
        }
    }

    /// Waits until at least `count` signals are handled.
    package func handled(atLeast count: Int) async throws -> [Handled] {
        try await eventualValue("\(count) signals are handled; \(program.log.suffix(2000))") {
            try program.checkIsAlive()
            let all = handled()
            return all.count >= count ? all : nil
        }
    }

    package struct Handled: Decodable {
        package var signal: String
        package var id: String
        package var subject: String?
        package var sequence: Int64?
        package var data: JSONValue
    }
}
