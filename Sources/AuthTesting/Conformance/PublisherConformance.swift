// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of a `SignalPublisher` as a list of checks that every implementation must pass.
public enum PublisherConformance {
    /// A publisher that is connected or connecting, and its broker.
    public struct Subject: Sendable {
        public var publisher: any SignalPublisher
        /// Declares a queue that is bound with the pattern and returns its name.
        public var bind: @Sendable (SignalPattern) async throws -> String
        /// Returns the messages in a queue, in order; it may remove them.
        public var messages: @Sendable (_ queue: String) async throws -> [SignalMessage]
        /// Closes the connection and prevents new ones (`true`), or allows reconnecting (`false`).
        public var setDown: @Sendable (Bool) async throws -> Void

        public init(
            _ publisher: any SignalPublisher,
            bind: @escaping @Sendable (SignalPattern) async throws -> String,
            messages: @escaping @Sendable (_ queue: String) async throws -> [SignalMessage],
            setDown: @escaping @Sendable (Bool) async throws -> Void
        ) {
            self.publisher = publisher
            self.bind = bind
            self.messages = messages
            self.setDown = setDown
        }

        /// The in-memory broker.
        public init(_ broker: MemoryBroker) {
            self.init(
                MemoryPublisher(to: broker),
                bind: { pattern in
                    let name = "queue-\(UUID().wireText)"
                    broker.declareQueue(name, bind: [pattern])
                    return name
                },
                messages: { broker.messages(in: $0) }, setDown: { broker.setDown($0) })
        }
    }

    public typealias Sentence = ContractSentence<Subject>

    /// A name for which no queue of another test is bound.
    private static func freshName() -> SignalName {
        SignalName(stringLiteral: "testing.n\(UUID().wireText.replacing("-", with: ""))")
    }

    public static let sentences: [Sentence] = [
        Sentence("A routable message is confirmed and stored in the queue unchanged") { subject in
            try await subject.publisher.awaitReady()
            let name = freshName()
            let queue = try await subject.bind(SignalPattern(stringLiteral: name.rawValue))
            var message = SignalMessage.test(1, name: name, subject: "user-1")
            message.headers["auth-attempt"] = .integer(3)
            message.headers["flag"] = .bool(true)
            message.headers["traceparent"] = .string(
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            #expect(await subject.publisher.publish([message]) == [.confirmed])
            #expect(try await subject.messages(queue) == [message])
        },
        Sentence("Batches and their messages are stored in order, and outcomes are in the batch's order") {
            subject in
            try await subject.publisher.awaitReady()
            let name = freshName()
            let queue = try await subject.bind(SignalPattern(stringLiteral: name.rawValue))
            let batches = (0..<5).map { batch in
                (0..<60).map { SignalMessage.test(batch * 60 + $0, name: name) }
            }
            let receipts = batches.map { subject.publisher.submit($0) }
            for receipt in receipts.reversed() {
                #expect(await receipt.outcomes() == Array(repeating: .confirmed, count: 60))
            }
            #expect(try await subject.messages(queue).map(\.messageID) == batches.joined().map(\.messageID))
        },
        Sentence("An unroutable message is returned with 312, others in the batch are not") {
            subject in
            try await subject.publisher.awaitReady()
            let name = freshName()
            _ = try await subject.bind(SignalPattern(stringLiteral: name.rawValue))
            let outcomes = await subject.publisher.publish([
                .test(1, name: name), .test(2, name: freshName()), .test(3, name: name),
            ])
            #expect(outcomes.count == 3)
            #expect(outcomes.first == .confirmed)
            #expect(outcomes.last == .confirmed)
            guard case .returned(let code, _) = outcomes[1] else {
                Issue.record("\(outcomes[1]) is not a return")
                return
            }
            #expect(code == 312)
        },
        Sentence("A message that violates AMQP is permanently refused, others in the batch are not") {
            subject in
            try await subject.publisher.awaitReady()
            let name = freshName()
            _ = try await subject.bind(SignalPattern(stringLiteral: name.rawValue))
            var broken = SignalMessage.test(2, name: name)
            broken.headers[String(repeating: "h", count: 300)] = .string("x")
            let outcomes = await subject.publisher.publish([
                .test(1, name: name), broken, .test(3, name: name),
            ])
            #expect(outcomes.first == .confirmed)
            #expect(outcomes.last == .confirmed)
            guard case .refused(let words) = outcomes[1] else {
                Issue.record("\(outcomes[1]) is not a refusal")
                return
            }
            #expect(!words.isEmpty)
        },
        Sentence("An empty batch has no outcomes") { subject in
            #expect(await subject.publisher.publish([]).isEmpty)
        },
        Sentence("While disconnected outcomes are unknown at once; after a reconnect it is ready again") {
            subject in
            try await subject.publisher.awaitReady()
            let name = freshName()
            let queue = try await subject.bind(SignalPattern(stringLiteral: name.rawValue))
            try await subject.setDown(true)
            let message = SignalMessage.test(1, name: name)
            try await eventually(within: .seconds(20), "the loss was noticed") {
                guard case .unknown? = await subject.publisher.publish([message]).first else { return false }
                return true
            }
            try await subject.setDown(false)
            try await subject.publisher.awaitReady()
            #expect(await subject.publisher.publish([message]) == [.confirmed])
            #expect(try await subject.messages(queue).map(\.messageID).contains(message.messageID))
        },
        Sentence("A task that waits until the publisher is ready can be cancelled") { subject in
            try await subject.publisher.awaitReady()
            try await subject.setDown(true)
            try await eventually(within: .seconds(20), "the loss was noticed") {
                guard case .unknown? = await subject.publisher.publish([.test()]).first else { return false }
                return true
            }
            let publisher = subject.publisher
            let waiting = Task { try await publisher.awaitReady() }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            try await subject.setDown(false)
            try await subject.publisher.awaitReady()
        },
    ]
}
