// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Receives the text of every statement that a file's connections run; for tests of query plans.
package enum StatementObserver {
    /// Applies to the files that the task opens.
    @TaskLocal package static var current: (@Sendable (_ sql: String) -> Void)?

    static func observe(_ database: Database, _ observer: @escaping @Sendable (String) -> Void) {
        database.trace(options: .statement) { event in
            if case .statement(let statement) = event { observer(statement.sql) }
        }
    }
}
