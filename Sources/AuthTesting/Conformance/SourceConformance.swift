// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of a ``SignalSource``, sentence by sentence; every implementation passes all of them.
public enum SourceConformance {
    /// A source on an empty queue with a prefetch of at least 10, and the broker behind it.
    public struct Subject: Sendable {
        public var source: any SignalSource
        /// Puts messages into the source's queue, in order.
        public var send: @Sendable ([SignalMessage]) async throws -> Void
        /// How many messages lie in one of the source's own queues, without those that were delivered.
        public var depth: @Sendable (MovedCopy.Destination) async throws -> Int
        /// Takes the messages out of one of the source's own queues, but not the main one.
        public var take: @Sendable (MovedCopy.Destination) async throws -> [SignalMessage]
        /// Cuts the source's connection; it comes about again by itself.
        public var dropConnection: @Sendable () async throws -> Void
        /// Lets a second pass, as the rungs of the ladder measure it.
        public var passSecond: @Sendable () async throws -> Void

        public init(
            _ source: any SignalSource, send: @escaping @Sendable ([SignalMessage]) async throws -> Void,
            depth: @escaping @Sendable (MovedCopy.Destination) async throws -> Int,
            take: @escaping @Sendable (MovedCopy.Destination) async throws -> [SignalMessage],
            dropConnection: @escaping @Sendable () async throws -> Void,
            passSecond: @escaping @Sendable () async throws -> Void
        ) {
            self.source = source
            self.send = send
            self.depth = depth
            self.take = take
            self.dropConnection = dropConnection
            self.passSecond = passSecond
        }

        /// The twin.
        public init(_ source: MemorySource, of broker: MemoryBroker) {
            self.init(
                source, send: { for message in $0 { broker.put(message, into: source.queue) } },
                depth: { source.messages(in: $0).count }, take: { source.messages(in: $0) },
                dropConnection: { broker.dropConnections() },
                passSecond: { broker.advance(by: .seconds(1)) })
        }

        /// Waits until nothing lies in a queue and nothing comes from it any more.
        func expectNothing(in destination: MovedCopy.Destination) async throws {
            try await eventually("nothing lay in \(destination)") { try await depth(destination) == 0 }
        }
    }

    public typealias Sentence = ContractSentence<Subject>

    public static let sentences: [Sentence] = delivering + moving + stopping
}
