// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A batch that was submitted to a memory broker.
struct MemoryBatch: Sendable {
    var messages: [SignalMessage]
    var outcomes: [PublishOutcome] = []
    let promise: MemoryPromise
}

extension MemoryBroker.State {
    /// The outcome of a message whose connection was lost.
    static let lost = PublishOutcome.unknown("the connection was lost")

    var isReady: Bool { !isDown && !isBlocked }

    /// Routes the submitted messages; removes and returns the batches that have all their outcomes.
    mutating func answerOpen() -> [MemoryBatch] {
        guard isReady else { return [] }
        for index in open.indices {
            while open[index].outcomes.count < open[index].messages.count {
                let message = open[index].messages[open[index].outcomes.count]
                switch route(message) {
                case .unknown(let reason): return disconnect(.unknown(reason))
                case .closed(let code, let text): return disconnect(.closed(code: code, text: text))
                case let outcome: open[index].outcomes.append(outcome)
                }
            }
        }
        if holdsConfirms { return [] }
        defer { open = [] }
        return open
    }

    /// Routes one message; the outcome is `unknown` or `closed` if the connection is lost because of it.
    private mutating func route(_ message: SignalMessage) -> PublishOutcome {
        if let fault = Self.fault(of: message) { return .refused(fault) }
        switch answer(message) {
        case .route: return store(message) ? .confirmed : .returned(code: 312, text: "NO_ROUTE")
        case .nack: return .nacked
        case .refuse(let words): return .refused(words)
        case .lose(let stored):
            if stored { _ = store(message) }
            return Self.lost
        case .close(let code, let text): return .closed(code: code, text: text)
        }
    }

    private mutating func store(_ message: SignalMessage) -> Bool {
        let names = queues.filter { queue in
            queue.value.bindings.contains { $0.matches(routingKey: message.routingKey) }
        }.keys
        for name in names { queues[name]?.ready.append(MemoryQueue.Item(message: message)) }
        if !names.isEmpty { accepted.append(message) }
        return !names.isEmpty
    }

    /// AMQP 0-9-1 short strings have at most 255 bytes.
    private static func fault(of message: SignalMessage) -> String? {
        let shortStrings = [
            message.routingKey, message.messageID, message.correlationID ?? "", message.type ?? "",
            message.contentType ?? "", message.appID ?? "",
        ]
        return (shortStrings + message.headers.keys).contains { $0.utf8.count > 255 }
            ? "a short string has more than 255 bytes" : nil
    }

    /// Closes all connections: batches without outcomes become unknown, unsettled deliveries are requeued.
    mutating func disconnect(_ outcome: PublishOutcome = lost) -> [MemoryBatch] {
        epoch += 1
        for (name, queue) in queues {
            for number in queue.consumers.keys.sorted() {
                deadLetter(queues[name]?.disconnect(number) ?? [], of: name)
            }
        }
        defer { open = [] }
        return open.map { batch in
            var batch = batch
            batch.outcomes = batch.messages.map { _ in outcome }
            return batch
        }
    }

    /// Delivers the ready messages of all queues.
    mutating func pump() {
        if isDown { return }
        for name in queues.keys { queues[name]?.deliver() }
    }

    mutating func deadLetter(_ messages: [SignalMessage], of queue: String) {
        queues["\(queue).dead", default: MemoryQueue()].ready += messages.map {
            MemoryQueue.Item(message: $0)
        }
    }

    mutating func releaseRungs(now: Date) {
        for (name, queue) in queues {
            let due = queue.ready.filter { $0.release.map { $0 <= now } ?? false }
            guard !due.isEmpty, let range = name.range(of: ".retry.") else { continue }
            queues[name]?.ready.removeAll { $0.release.map { $0 <= now } ?? false }
            let main = String(name[..<range.lowerBound])
            queues[main, default: MemoryQueue()].ready += due.map { item in
                var message = item.message
                message.routingKey = "main"
                return MemoryQueue.Item(message: message)
            }
        }
    }
}
