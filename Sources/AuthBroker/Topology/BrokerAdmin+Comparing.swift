// SPDX-License-Identifier: Apache-2.0

/// What plain AMQP shows of an exchange or a queue.
public enum DeclarationState: Hashable, Sendable {
    /// It exists as it must be.
    case same
    /// It exists with other arguments, of which the broker names one; with its words.
    case different(String)
    /// It does not exist; with the broker's words.
    case missing(String)
    /// This user may not ask for its arguments; on RabbitMQ 4.3 not even whether it exists.
    case hidden
}

/// Questions that change nothing. Each is asked on a connection of its own, since a broker answers "no" by
/// closing the channel.
extension BrokerAdmin {
    /// Compares a queue with what it must be.
    ///
    /// A passive declaration tells only whether it exists, so that one that exists is declared once more: equal
    /// arguments change nothing, and others are refused (406).
    public func compare(_ queue: QueueDeclaration) async throws(BrokerError) -> DeclarationState {
        try await compare { channel, isPassive throws(BrokerError) in
            try channel.declareQueue(queue.name, isPassive ? [:] : queue.arguments, isPassive: isPassive)
        }
    }

    /// Compares an exchange, which has no arguments, with what it must be.
    public func compare(exchange: String, type: String) async throws(BrokerError) -> DeclarationState {
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
