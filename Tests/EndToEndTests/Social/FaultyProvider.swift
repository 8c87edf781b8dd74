// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthSignals
import Foundation
import PostgresSupport
import ProgramSupport
import Testing
import ToolSupport

/// An OpenID Connect provider with configurable faults: `Fixtures/openid_provider.py`.
struct FaultyProvider {
    let program: Program
    let issuer: String

    static func start() async throws -> FaultyProvider {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/openid_provider.py").path
        let program = try Program(TestTools.python(), ["-B", script], environment: [:])
        let port = try await eventualValue("the provider listens") { () -> Int? in
            guard program.isRunning else { throw Mishap("the provider ended: \(program.log)") }
            return program.lines.first.flatMap { Int($0) }
        }
        return FaultyProvider(program: program, issuer: "http://127.0.0.1:\(port)")
    }

    /// Sets the provider's behaviour. A fault lasts until the next call.
    func behave(_ behaviour: [String: JSONValue]) async throws {
        let json = String(decoding: try JSONEncoder().encode(behaviour), as: UTF8.self)
        let answer = try await Answer("PUT", issuer + "/behave", json: json, token: nil)
        guard answer.status == 200 else {
            throw Mishap("the provider responds with \(answer.status)")
        }
    }

    /// The requests that were posted to the hook.
    func heard() async throws -> [JSONValue] {
        guard case .array(let heard) = try await Answer("GET", issuer + "/heard").body else { return [] }
        return heard
    }
}

extension Installation {
    /// An installation with one OpenID Connect provider. The server's address is fixed in advance, because the
    /// provider redirects to it.
    static func social(
        broker: String, issuer: String, settings: [String: String] = [:]
    ) async throws -> Installation {
        let port = try TestTools.freePort()
        let installation = try await Installation(
            broker: broker,
            settings: [
                "HTTP_PORT": "\(port)", "PUBLIC_URL": "http://127.0.0.1:\(port)",
                "SOCIALACCOUNT_REQUESTS_TIMEOUT": "5",
            ].merging(settings) { $1 })
        let entry: JSONValue = [
            "provider": "openid_connect", "id": "staff", "name": "Staff", "issuer": .string(issuer),
            "client_id": "the-client", "secret": "planted-client-secret",
        ]
        try JSONEncoder().encode([entry]).write(to: URL(filePath: installation.folder.path("providers.json")))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: installation.folder.path("providers.json"))
        return installation
    }

    /// Starts the server with its provider.
    func serveWithProvider(settings: [String: String] = [:]) async throws -> Server {
        try await serve(
            settings: ["SOCIALACCOUNT_PROVIDERS": folder.path("providers.json")].merging(settings) { $1 })
    }

    /// The number of rows in a table of the store.
    func count(_ table: String) async throws -> Int {
        if TestStore.isPostgres { return try await postgresCount(table) }
        let program = try Program(
            TestTools.python(),
            [
                "-c",
                "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])",
                folder.path("auth.sqlite"), "SELECT count(*) FROM \(table)",
            ], environment: [:])
        guard try await program.exitCode() == 0, let count = program.lines.first.flatMap({ Int($0) }) else {
            throw Mishap("cannot count the rows of \(table): \(program.log)")
        }
        return count
    }

    private func postgresCount(_ table: String) async throws -> Int {
        let schema = try #require(environment["STORE_URL"]?.split(separator: "schema=").last)
        let text = try await PrivatePostgres.shared.psql("SELECT count(*) FROM \(schema).\(table)")
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
