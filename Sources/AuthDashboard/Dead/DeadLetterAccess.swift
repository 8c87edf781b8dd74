// SPDX-License-Identifier: Apache-2.0
package import AuthSignals

/// The dead letters of the broker, for the dashboard; the program that names the broker implements it.
package protocol DeadLetterAccess: Sendable {
    /// The oldest dead letters of a queue, at most 100.
    ///
    /// - Throws: ``DashboardError`` if the queue cannot be read.
    func list(_ queue: String) async throws(DashboardError) -> DeadLetterPage
    /// Publishes the dead letters of a signal to the queue again.
    ///
    /// - Returns: how many.
    func requeue(_ id: String, of queue: String) async throws(DashboardError) -> Int
    /// Deletes the dead letters of a signal.
    ///
    /// - Returns: how many.
    func drop(_ id: String, of queue: String) async throws(DashboardError) -> Int
}

/// The first dead letters of a queue.
package struct DeadLetterPage: Encodable, Sendable {
    package var messages: [Message]
    /// Whether the queue has more.
    package var more: Bool

    package init(messages: [Message], more: Bool) {
        self.messages = messages
        self.more = more
    }

    /// A dead letter, redacted.
    package struct Message: Encodable, Sendable {
        package var id: String
        package var name: String
        package var subject: String?
        package var time: String?
        package var handler: String?
        package var reason: String?
        package var error: String?
        package var attempt: Int?
        package var diedAt: String?
        package var message: JSONValue?

        package init(id: String, name: String) {
            self.id = id
            self.name = name
        }

        private enum CodingKeys: String, CodingKey {
            case id, name, subject, time, handler, reason, error, attempt, diedAt = "died_at", message
        }
    }
}
