// SPDX-License-Identifier: Apache-2.0

/// Receives every statement that a pool sends; for tests of query plans.
package enum StatementObserver {
    /// Applies to the pools and leases that the task creates.
    @TaskLocal package static var current: (@Sendable (PostgresStatement) -> Void)?
}
