// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of a `SignalSource` as a list of checks that every implementation must pass.
public enum SourceConformance {
    /// A source of an empty queue with a prefetch of at least 10, and its broker.
    public struct Subject: Sendable {
        public var source: any SignalSource
        /// Adds messages to the source's queue, in order.
        public var send: @Sendable ([SignalMessage]) async throws -> Void
        /// The number of ready messages in one of the source's own queues.
        public var depth: @Sendable (RepublishedCopy.Destination) async throws -> Int
        /// Removes and returns the messages of one of the source's own queues, except the main one.
        public var take: @Sendable (RepublishedCopy.Destination) async throws -> [SignalMessage]
        /// Closes the source's connection; the source reconnects by itself.
        public var dropConnection: @Sendable () async throws -> Void
        /// Advances the time of the retry rungs by a second.
        public var passSecond: @Sendable () async throws -> Void

        public init(
            _ source: any SignalSource, send: @escaping @Sendable ([SignalMessage]) async throws -> Void,
            depth: @escaping @Sendable (RepublishedCopy.Destination) async throws -> Int,
            take: @escaping @Sendable (RepublishedCopy.Destination) async throws -> [SignalMessage],
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

        /// The in-memory source.
        public init(_ source: MemorySource, of broker: MemoryBroker) {
            self.init(
                source, send: { for message in $0 { broker.put(message, into: source.queue) } },
                depth: { source.messages(in: $0).count }, take: { source.messages(in: $0) },
                dropConnection: { broker.dropConnections() },
                passSecond: { broker.advance(by: .seconds(1)) })
        }

        /// Waits until a queue is empty.
        func expectNothing(in destination: RepublishedCopy.Destination) async throws {
            try await eventually("\(destination) was empty") { try await depth(destination) == 0 }
        }
    }

    public typealias Sentence = ContractSentence<Subject>

    public static let sentences: [Sentence] = delivering + moving + stopping
}
