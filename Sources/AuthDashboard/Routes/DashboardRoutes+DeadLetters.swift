// SPDX-License-Identifier: Apache-2.0
import AuthServer
import AuthSignals
import Hummingbird
import Logging

extension DashboardRoutes {
    func addDeadLetters() {
        let dashboard = dashboard
        get("dead/:queue") { _, context in
            let letters = try dashboard.deadLetters()
            return try .dashboard(try await letters.list(try context.name("queue")))
        }
        action("dead/:queue/:id/requeue") { _, context in
            let count = try await dashboard.deadLetters()
                .requeue(try context.name("id"), of: try context.name("queue"))
            dashboard.logger.notice(
                "dead letters requeued from the dashboard", metadata: ["count": "\(count)"])
            return count == 1 ? "1 dead letter requeued." : "\(count) dead letters requeued."
        }
        action("dead/:queue/:id/drop") { _, context in
            let count = try await dashboard.deadLetters()
                .drop(try context.name("id"), of: try context.name("queue"))
            dashboard.logger.notice(
                "dead letters deleted from the dashboard", metadata: ["count": "\(count)"])
            return count == 1 ? "1 dead letter deleted." : "\(count) dead letters deleted."
        }
    }
}

extension Dashboard {
    fileprivate func deadLetters() throws -> any DeadLetterAccess {
        guard let letters = subject.deadLetters else {
            throw DashboardError(.notFound, "dead letters are not available")
        }
        return letters
    }
}

extension RequestContext {
    /// A parameter of the path, decoded.
    fileprivate func name(_ parameter: String) throws -> String {
        guard let text = parameters.get(parameter).flatMap({ PercentCoding.decode($0) }), !text.isEmpty,
            text.utf8.count <= 255
        else { throw DashboardError(.invalidValue, "the \(parameter) is not valid") }
        return text
    }
}
