// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// The progress of a delivery through its handlers.
struct InFlightDelivery: Sendable {
    /// The constant part.
    final class Subject: Sendable {
        let delivery: Delivery
        let lane: SubjectScheduler.Lane
        let event: SignalEvent
        let handlers: [HandlerTable.Entry]

        init(
            _ delivery: Delivery, in lane: SubjectScheduler.Lane, _ event: SignalEvent,
            _ handlers: [HandlerTable.Entry]
        ) {
            self.delivery = delivery
            self.lane = lane
            self.event = event
            self.handlers = handlers
        }
    }

    let subject: Subject
    /// The index of the current or next handler.
    var index = 0
    /// The copies for the handlers that failed.
    var copies: [RepublishedCopy] = []

    init(_ subject: Subject) { self.subject = subject }

    /// The current or next handler; nil after the last.
    var entry: HandlerTable.Entry? { index < subject.handlers.count ? subject.handlers[index] : nil }
}
