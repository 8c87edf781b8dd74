// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The database that the tests of flows and of programs run on: SQLite, or PostgreSQL if `AUTH_TEST_STORE=postgres`.
///
/// ```swift
/// @Test(.enabled(if: TestStore.isSQLite, "the test replaces SQLite's file"))
/// ```
package enum TestStore {
    package static let isPostgres = ProcessInfo.processInfo.environment["AUTH_TEST_STORE"] == "postgres"
    package static var isSQLite: Bool { !isPostgres }
}
