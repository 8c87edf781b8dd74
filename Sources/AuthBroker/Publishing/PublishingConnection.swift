// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging

/// A connection that publishes to one exchange.
struct PublishingConnection: Sendable {
    private let exchange: String
    private let declaresExchange: Bool
    private let settings: BrokerSettings
    private let thread: ConnectionThread
    private let queue = PublishQueue()
    private let makeUpkeep: (@Sendable () -> any ConnectionUpkeep)?

    /// - Parameter upkeep: Called on the connection's thread, which makes all calls of the result.
    init(
        exchange: String, declaresExchange: Bool, name: String, _ settings: BrokerSettings,
        _ logger: Logger, upkeep: (@Sendable () -> any ConnectionUpkeep)? = nil
    ) {
        makeUpkeep = upkeep
        self.exchange = exchange
        self.declaresExchange = declaresExchange
        self.settings = settings
        thread = ConnectionThread(name: name, settings: settings, logger: logger)
    }

    var status: BrokerStatus { thread.status }

    func submit(_ messages: [SignalMessage]) -> PublishReceipt {
        let batch = PublishBatch(messages)
        if !messages.isEmpty, queue.submit(batch) { thread.wake() }
        return PublishReceipt { await batch.outcomes() }
    }

    /// Requests the upkeep as soon as possible.
    func wantUpkeep() {
        queue.wantUpkeep()
        thread.wake()
    }

    func awaitReady() async throws { try await queue.awaitOpen() }

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/notMoved`` after `bound`.
    func awaitReady(within bound: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await awaitReady() }
            group.addTask {
                try await Task.sleep(for: bound)
                throw BrokerError(.notMoved, "no connection to republish copies on")
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// As ``awaitReady(within:)``, for a connection that is used once.
    ///
    /// - Throws: ``BrokerError`` after `bound`: the error of the last attempt.
    func awaitConnection(within bound: Duration) async throws {
        do {
            try await awaitReady(within: bound)
        } catch is BrokerError {
            if case .connecting(let error?) = status { throw error }
            throw BrokerError(.unreachable, "no connection within \(bound): \(status)")
        }
    }

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted``.
    func start() throws(BrokerError) {
        do throws(BrokerError) {
            try thread.start { [exchange, declaresExchange, settings, queue, thread, makeUpkeep] in
                PublishingDriver(
                    exchange: exchange, declaresExchange: declaresExchange, settings: settings,
                    queue: queue, upkeep: makeUpkeep?(), setBlocked: thread.setBlocked)
            }
        } catch {
            // Fail the tasks that wait for the connection.
            queue.closeForGood()
            throw error
        }
    }

    func stop() async {
        await thread.stop()
        queue.closeForGood()
    }
}

/// A periodic task on a publishing connection: it runs when the connection is opened, and then whenever it is due and
/// no message is in flight. Every call is made by the connection's thread, and may block until the broker's reply.
protocol ConnectionUpkeep: AnyObject {
    /// How long after one run the next is due.
    var interval: Duration { get }

    /// A connection was opened; an error ends it.
    func opened(_ channel: Channel) throws(BrokerError)

    /// A run is due; an error ends the connection.
    func perform(_ channel: Channel) throws(BrokerError)

    /// ``opened(_:)`` or ``perform(_:)`` failed, which ended the connection.
    func failed(_ error: BrokerError)
}
