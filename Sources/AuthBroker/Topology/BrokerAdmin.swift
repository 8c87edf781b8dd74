// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Single administrative operations on a broker, each on a short-lived connection.
///
/// Each node is tried once; nothing is retried.
package struct BrokerAdmin: Sendable {
    private let settings: BrokerSettings

    package init(_ settings: BrokerSettings) { self.settings = settings }

    /// Connects, logs in and disconnects.
    ///
    /// - Throws: ``BrokerError`` if that fails, as all calls here do.
    package func check() async throws(BrokerError) { try await perform { _ throws(BrokerError) in } }

    /// Declares the signals' exchange, as a publisher does.
    package func declareExchange() async throws(BrokerError) {
        let exchange = settings.exchange
        try await perform { channel throws(BrokerError) in
            try channel.declareExchange(exchange, type: "topic")
        }
    }

    /// Declares everything that a consumer owns, as a worker does; the signals' exchange must exist.
    package func declare(_ topology: ConsumerTopology) async throws(BrokerError) {
        let exchange = settings.exchange
        try await perform { channel throws(BrokerError) in
            try channel.declare(topology, signals: exchange)
            // Records the bindings, so that a worker can later unbind those it is not configured for. Optional: the
            // user may lack the permission for the record's queue.
            do throws(BrokerError) {
                try channel.followBindings(of: topology, signals: exchange, keeps: true)
            } catch  where error.code != .accessRefused { throw error } catch {}
        }
    }

    /// The number of ready messages in a queue, without those that are delivered and unacknowledged.
    package func messageCount(in queue: String) async throws(BrokerError) -> Int {
        try await perform { channel throws(BrokerError) in
            try channel.declareQueue(queue, isPassive: true)
        }
    }

    /// Deletes a consumer's queues with all their messages, and its exchange; not the signals' exchange.
    package func delete(_ topology: ConsumerTopology) async throws(BrokerError) {
        try await perform { channel throws(BrokerError) in
            for queue in topology.queues + [topology.memory] { try channel.deleteQueue(queue.name) }
            try channel.deleteExchange(topology.exchange)
        }
    }

    /// Runs a body with an open channel, on a dedicated thread.
    ///
    /// - Parameter receivesOnly: Whether the body publishes nothing.
    package func perform<Answer: Sendable>(
        receivesOnly: Bool = false, _ body: @escaping @Sendable (Channel) throws(BrokerError) -> Answer
    ) async throws(BrokerError) -> Answer {
        let handle = try ConnectionHandle()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let thread = Thread {
                    continuation.resume(
                        returning: Self.attempt(body, handle, settings, receivesOnly: receivesOnly))
                }
                thread.stackSize = ConnectionThread.stackSize
                thread.start()
            }
        } onCancel: {
            handle.interrupt()
        }
        return try answer.get()
    }

    private static func attempt<Answer>(
        _ body: (Channel) throws(BrokerError) -> Answer, _ handle: ConnectionHandle,
        _ settings: BrokerSettings, receivesOnly: Bool
    ) -> Result<Answer, BrokerError> {
        let channel = Channel(handle)
        do throws(BrokerError) {
            try channel.openFirstReachable(settings, receivesOnly: receivesOnly)
            defer { channel.close(within: .seconds(1)) }
            return .success(try body(channel))
        } catch {
            return .failure(error)
        }
    }
}
