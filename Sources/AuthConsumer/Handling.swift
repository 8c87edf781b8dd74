// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// A delivery on its way through its handlers.
struct Handling: Sendable {
    /// What stays the same on the way.
    final class Subject: Sendable {
        let delivery: Delivery
        let lane: LaneTable.Lane
        let event: SignalEvent
        let handlers: [HandlerTable.Entry]

        init(
            _ delivery: Delivery, in lane: LaneTable.Lane, _ event: SignalEvent,
            _ handlers: [HandlerTable.Entry]
        ) {
            self.delivery = delivery
            self.lane = lane
            self.event = event
            self.handlers = handlers
        }
    }

    let subject: Subject
    /// The handler that is next, or runs.
    var index = 0
    /// For those that have failed.
    var copies: [MovedCopy] = []

    init(_ subject: Subject) { self.subject = subject }

    /// The handler that is next; nil after the last.
    var entry: HandlerTable.Entry? { index < subject.handlers.count ? subject.handlers[index] : nil }
}
