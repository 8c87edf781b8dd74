// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import PostgresSupport
package import Testing
import ToolSupport

/// The PostgreSQL server of installations, if ``TestStore/isPostgres``.
enum StoreServer {
    private static let started = Locked<PrivatePostgres?>(nil)

    /// Starts the server.
    static func start() async throws {
        let server = try await PrivatePostgres.shared
        started.change { $0 = server }
    }

    /// Creates a schema.
    ///
    /// - Returns: its URL.
    static func schema() async throws -> String {
        guard let server = started.value else {
            throw Mishap("PostgreSQL is not running: the suite needs the trait .storeServer")
        }
        let name = "t_\(UInt64.random(in: 0...UInt64.max))"
        try await server.psql("CREATE SCHEMA \(name) AUTHORIZATION auth")
        return "\(server.url)?schema=\(name)"
    }
}

/// Starts the server of ``TestStore`` before the tests of a suite.
package struct StoreServerTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        if TestStore.isPostgres { try await StoreServer.start() }
        try await function()
    }
}

extension Trait where Self == StoreServerTrait {
    /// Starts the PostgreSQL server on which the installations of the suite run, if `AUTH_TEST_STORE=postgres`.
    package static var storeServer: Self { Self() }
}
