// SPDX-License-Identifier: Apache-2.0
package import GRDB

/// Receives the text of every statement that a file's connections run; for tests of query plans.
package enum StatementObserver {
    /// Applies to the files that the task opens and copies.
    @TaskLocal package static var current: (@Sendable (_ sql: String) -> Void)?

    /// Observes the connections of a configuration, if the task has an observer.
    package static func observe(_ configuration: inout Configuration) {
        guard let observer = current else { return }
        configuration.prepareDatabase { database in
            database.trace(options: .statement) { event in
                if case .statement(let statement) = event { observer(statement.sql) }
            }
        }
    }
}
