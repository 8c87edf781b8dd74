// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Foundation

/// The bindings that a queue's workers created, stored as a message (the record) at the broker.
///
/// AMQP can bind and unbind, but not list bindings. To unbind a pattern that was removed from the configuration, the
/// workers keep a record in a queue of its own (``ConsumerTopology/memory``), at the broker because they may run on
/// several hosts. Only recorded bindings are ever unbound, so that bindings which an operator created by hand stay.
struct BindingMemory: Codable, Equatable {
    /// A binding: its pattern and its exchange.
    struct Entry: Codable, Hashable {
        var exchange: String
        var pattern: String
    }

    var bindings: [Entry]

    init(_ topology: ConsumerTopology, signals: String) {
        bindings = topology.patterns.map { Entry(exchange: signals, pattern: $0.rawValue) }
    }

    /// - Parameter body: The body of the message in the queue; nil is returned if it is not a record.
    init?(body: Data) {
        guard let memory = try? JSONDecoder().decode(BindingMemory.self, from: body) else { return nil }
        self = memory
    }

    var message: SignalMessage {
        // Encoding strings cannot fail.
        let body = (try? SignalCodec.encoder().encode(self)) ?? Data()
        return SignalMessage(
            routingKey: ConsumerTopology.memoryKey, messageID: UUID().uuidString.lowercased(),
            contentType: "application/json", body: body)
    }
}

extension Channel {
    /// How long to wait for the record, and for its confirm.
    private static let patience = Duration.seconds(10)

    /// Unbinds a queue from recorded patterns that are no longer configured, and records the current patterns. The
    /// topology must be declared. The channel must not be used for anything else afterwards.
    ///
    /// - Parameter keeps: Whether stale patterns stay bound and recorded.
    /// - Returns: The stale patterns: those that were unbound or, with `keeps`, would have been.
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
        // A record that was only read returns to its queue when the channel is closed.
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
                throw BrokerError(.connectionLost, "the broker did not reply within \(Self.patience)")
            }
            try step(waitingFor: .milliseconds(100), wantsToWrite: !isWritten, reader)
        }
    }

    /// Receives the current record, and the confirm of a new one.
    private final class NoteReader: EventReceiver {
        private(set) var note: BindingMemory?
        /// The delivery tag of the record that was read.
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
