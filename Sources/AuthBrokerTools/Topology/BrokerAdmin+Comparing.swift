// SPDX-License-Identifier: Apache-2.0
package import AuthBroker

/// How an exchange or a queue compares with its expected declaration, as far as plain AMQP shows it.
package enum DeclarationState: Hashable, Sendable {
    /// It exists with the expected arguments.
    case same
    /// It exists with different arguments; with the broker's reply text, which names one of them.
    case different(String)
    /// It does not exist; with the broker's reply text.
    case missing(String)
    /// This user may not see its arguments; on RabbitMQ 4.3 not even whether it exists.
    case hidden
}

/// Read-only checks. Each uses a separate connection, since a broker reports a negative result by closing the channel.
extension BrokerAdmin {
    /// Compares a queue with its expected declaration.
    ///
    /// A passive declaration shows only whether the queue exists, so an existing one is then declared actively: equal
    /// arguments change nothing, and different ones are refused (406).
    package func compare(_ queue: QueueDeclaration) async throws(BrokerError) -> DeclarationState {
        try await compare { channel, isPassive throws(BrokerError) in
            try channel.declareQueue(queue.name, isPassive ? [:] : queue.arguments, isPassive: isPassive)
        }
    }

    /// Compares an exchange, which has no arguments, with its expected declaration.
    package func compare(exchange: String, type: String) async throws(BrokerError) -> DeclarationState {
        try await compare { channel, isPassive throws(BrokerError) in
            try channel.declareExchange(exchange, type: type, isPassive: isPassive)
        }
    }

    private func compare(
        _ declare: @escaping @Sendable (Channel, _ isPassive: Bool) throws(BrokerError) -> Void
    ) async throws(BrokerError) -> DeclarationState {
        try await perform { channel throws(BrokerError) in
            do throws(BrokerError) {
                try declare(channel, true)
            } catch {
                switch error.code {
                case .notFound: return .missing(error.message)
                case .accessRefused: return .hidden
                default: throw error
                }
            }
            do throws(BrokerError) {
                try declare(channel, false)
            } catch {
                switch error.code {
                case .topologyMismatch: return .different(error.message)
                case .accessRefused: return .hidden
                default: throw error
                }
            }
            return .same
        }
    }
}
