// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Foundation

/// What the workers of a queue have bound it with.
///
/// AMQP can bind and unbind, but not list bindings. So that a pattern that is taken out of the configuration can be
/// unbound, the workers of a queue leave a note beside it (``ConsumerTopology/memory``): at the broker, since they may
/// run on several hosts. Only what is noted is ever unbound, so that a binding which an operator has made by hand stays.
struct BindingMemory: Codable, Equatable {
    /// A pattern, and the exchange that the queue is bound to with it.
    struct Entry: Codable, Hashable {
        var exchange: String
        var pattern: String
    }

    var bindings: [Entry]

    init(_ topology: ConsumerTopology, signals: String) {
        bindings = topology.patterns.map { Entry(exchange: signals, pattern: $0.rawValue) }
    }

    /// - Parameter body: What lies in the queue; anything else than a note counts as none.
    init?(body: Data) {
        guard let memory = try? JSONDecoder().decode(BindingMemory.self, from: body) else { return nil }
        self = memory
    }

    var message: SignalMessage {
        // Strings always encode.
        let body = (try? SignalCodec.encoder().encode(self)) ?? Data()
        return SignalMessage(
            routingKey: ConsumerTopology.memoryKey, messageID: UUID().uuidString.lowercased(),
            contentType: "application/json", body: body)
    }
}

extension Channel {
    /// How long the note is waited for.
    private static let patience = Duration.seconds(10)

    /// Unbinds a queue from the patterns that were noted before and are not wanted any more, and notes those that are.
    /// The topology must be declared. The channel is not to be used for anything else afterwards.
    ///
    /// - Parameter keeps: Whether they stay bound, and noted.
    /// - Returns: The patterns that were unbound or, if they are kept, would have been.
    @discardableResult
    func followBindings(
        of topology: ConsumerTopology, signals: String, keeps: Bool
    ) throws(BrokerError) -> [String] {
        let memory = topology.memory
        try declareQueue(memory.name, memory.arguments)
        try bind(memory.name, to: topology.exchange, key: ConsumerTopology.memoryKey)
        let reader = NoteReader()
        try wait(for: reader, reader.isRead) { channel throws(BrokerError) in try channel.get(memory.name) }

        var wanted = BindingMemory(topology, signals: signals)
        let known = reader.note?.bindings ?? []
        let stale = known.filter { !wanted.bindings.contains($0) }
        if keeps {
            wanted.bindings += stale
        } else {
            for entry in stale { try unbind(topology.queue, from: entry.exchange, key: entry.pattern) }
        }
        // What was only read goes back when the channel is closed.
        if Set(known) != Set(wanted.bindings) {
            try selectConfirms()
            let message = wanted.message
            try wait(for: reader, reader.isAnswered) { channel throws(BrokerError) in
                try channel.publish(
                    message, exchange: topology.exchange, routingKey: ConsumerTopology.memoryKey)
            }
            if let tag = reader.tag, reader.isConfirmed {
                try wait(for: reader, true) { channel throws(BrokerError) in
                    try channel.acknowledge(tag, multiple: false)
                }
            }
        }
        return stale.map(\.pattern)
    }

    private func wait(
        for reader: NoteReader, _ isOver: @autoclosure () -> Bool,
        _ write: (Channel) throws(BrokerError) -> Written
    ) throws(BrokerError) {
        let end = ContinuousClock.now + Self.patience
        var isWritten = false
        while !isWritten || !isOver() {
            if !isWritten, case .written = try write(self) {
                isWritten = true
                continue
            }
            guard .now < end else {
                throw BrokerError(.connectionLost, "the broker did not answer in \(Self.patience)")
            }
            try step(waitingFor: .milliseconds(100), wantsToWrite: !isWritten, reader)
        }
    }

    /// Takes in the note and the answer to a new one.
    private final class NoteReader: EventReceiver {
        private(set) var note: BindingMemory?
        /// Of the note that was read.
        private(set) var tag: UInt64?
        private(set) var isRead = false
        private(set) var isAnswered = false
        private(set) var isConfirmed = false

        func receive(_ event: CRMQEvent) {
            switch event.kind {
            case .delivered:
                (tag, isRead) = (event.tag, true)
                note = BindingMemory(body: Data(event.body))
            case .getEmpty: isRead = true
            case .confirmed: (isAnswered, isConfirmed) = (true, true)
            case .nacked: isAnswered = true
            default: break
            }
        }
    }
}
