// SPDX-License-Identifier: Apache-2.0

/// Why an action of the dashboard failed, with a text for the page.
package struct DashboardError: Error, Sendable, CustomStringConvertible {
    /// The cause; the set can grow.
    package struct Code: Hashable, Sendable {
        private let name: String
        private init(_ name: String) { self.name = name }

        package static let notFound = Code("notFound")
        package static let invalidValue = Code("invalidValue")
        package static let unreachable = Code("unreachable")
        package static let failed = Code("failed")
        /// The same is already in progress.
        package static let busy = Code("busy")
    }

    package var code: Code
    package var message: String
    package var description: String { message }

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
