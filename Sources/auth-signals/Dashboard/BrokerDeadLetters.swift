// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthBrokerTools
import AuthDashboard
import AuthSignals
import Foundation

/// The dead letters of a broker, for the dashboard: what `auth-signals dead` does, one inspection at a time.
actor BrokerDeadLetters: DeadLetterAccess {
    private let settings: BrokerSettings
    private var isBusy = false

    /// The longest inspection; a longer one is interrupted, which loses nothing.
    private static let longestVisit = Duration.seconds(20)

    init(_ settings: BrokerSettings) {
        var settings = settings
        settings.connectionName = "auth-signals dashboard"
        // Include messages that were dead-lettered because they were too large for a worker.
        settings.largestBody = 16 << 20
        self.settings = settings
    }

    func list(_ queue: String) async throws(DashboardError) -> DeadLetterPage {
        let oldest = OldestDeadLetters<DeadLetterPage.Message>(limit: 100)
        try await visit(queue) { letter in
            oldest.insert(letter, Self.message)
            return .leave
        }
        return DeadLetterPage(messages: oldest.items, more: oldest.count > 100)
    }

    func requeue(_ id: String, of queue: String) async throws(DashboardError) -> Int {
        try await change(id, queue, .requeue)
    }

    func drop(_ id: String, of queue: String) async throws(DashboardError) -> Int {
        try await change(id, queue, .drop)
    }

    private func change(
        _ id: String, _ queue: String, _ verdict: DeadLetterQueue.Verdict
    ) async throws(DashboardError) -> Int {
        let id = id.lowercased()
        let tally = try await visit(queue) { $0.id.lowercased() == id ? verdict : .leave }
        if tally.refused > 0 {
            throw DashboardError(.failed, "the broker refused the copy; the dead letter remains")
        }
        if tally.removed == 0 {
            throw DashboardError(
                .notFound,
                tally.isInterrupted
                    ? "the queue has too many dead letters for the dashboard; use: auth-signals dead"
                    : "no dead letter has that id")
        }
        return tally.removed
    }

    @discardableResult
    private func visit(
        _ queue: String, _ decide: @escaping @Sendable (DeadLetter) -> DeadLetterQueue.Verdict
    ) async throws(DashboardError) -> DeadLetterQueue.Tally {
        if isBusy { throw DashboardError(.busy, "dead letters are being inspected; try again in a moment") }
        isBusy = true
        defer { isBusy = false }
        let end = ContinuousClock.now + Self.longestVisit
        do throws(BrokerError) {
            return try await DeadLetterQueue(queue: queue, settings)
                .visit(isInterrupted: { ContinuousClock.now > end }, decide)
        } catch {
            throw DashboardError(error)
        }
    }

    /// The dead letter, redacted like the output of `auth-signals dead show`.
    private static func message(_ letter: DeadLetter) -> DeadLetterPage.Message {
        let line = DeadLetterLine(letter)
        var message = DeadLetterPage.Message(id: line.id, name: line.name)
        message.subject = line.subject
        message.time = line.time
        message.handler = line.handler
        message.reason = line.reason
        message.error = line.error
        message.attempt = line.attempts
        message.diedAt = line.failedAt
        // Only JSON can be redacted, and only a complete body is JSON.
        if letter.isWhole, letter.bodySize <= 64 << 10 {
            message.message = (try? SignalCodec.decoder().decode(JSONValue.self, from: letter.message.body))
                .map(Redaction.catalog.redact)
        }
        return message
    }
}

extension DashboardError {
    init(_ error: BrokerError) {
        switch error.code {
        case .notFound: self.init(.notFound, error.message)
        case .invalidValue, .invalidURL: self.init(.invalidValue, error.message)
        case .unreachable, .tls, .connectionLost, .protocolError, .unconfirmed:
            self.init(.unreachable, "the broker: \(error.message)")
        default: self.init(.failed, error.message)
        }
    }
}
