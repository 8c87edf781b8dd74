// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of an `OperatedInbox`, in addition to ``InboxConformance``, as a list of checks that every
/// implementation must pass.
public enum OperatedInboxConformance {
    /// An empty inbox.
    public struct Subject: Sendable {
        public var inbox: any OperatedInbox

        public init(_ inbox: any OperatedInbox) { self.inbox = inbox }

        /// The handlers that have to handle a signal that was emitted and settled at those times.
        fileprivate func handlers(
            _ name: SignalName, at seconds: Double, settled: Double? = nil
        ) async throws -> [String] {
            try await inbox.work().handlers(
                for: name, emitted: time(seconds), settled: time(settled ?? seconds))
        }
    }

    public typealias Sentence = ContractSentence<Subject>

    private static func time(_ seconds: Double) -> Date {
        Date(timeIntervalSince1970: 1_795_420_800 + seconds)
    }

    private static func table(_ handlers: [(String, SignalPattern)], rest: String? = nil) -> SignalHandlers {
        var table = SignalHandlers()
        for (name, pattern) in handlers { table.on(matching: pattern, as: name) { _, _ in } }
        if let rest { table.onUnhandled(as: rest) { _, _ in } }
        return table
    }

    public static let sentences: [Sentence] = marks + registrations

    private static let marks: [Sentence] = [
        Sentence("The messages that no handler has marked are listed in the given order") {
            (subject: Subject) async throws in
            let inbox = subject.inbox
            let ids = (0..<4).map { _ in UUID() }
            try await inbox.markDone(handler: "b", messageID: ids[1], at: time(0))
            try await inbox.markDone(handler: "a", messageID: ids[0], at: time(0))
            try await inbox.markDone(handler: "b", messageID: ids[2], at: time(0))
            #expect(try await inbox.handlers() == ["a", "b"])
            #expect(try await inbox.unseen(of: ids, by: ["a", "b"]) == [ids[3]])
            #expect(try await inbox.unseen(of: ids.reversed(), by: ["a"]) == Array(ids[1...].reversed()))
            #expect(try await inbox.unseen(of: ids, by: []) == ids)
            #expect(try await inbox.unseen(of: [], by: ["a"]) == [])
        },
        Sentence("The starts of handlers are recorded until they are pruned") {
            (subject: Subject) async throws in
            let inbox = subject.inbox
            let id = UUID()
            #expect(try await inbox.begun(messageID: id) == [])
            for handler in ["b", "a", "b", "B"] {
                try await inbox.noteBegun(handler: handler, messageID: id, at: time(0))
            }
            #expect(try await inbox.begun(messageID: id) == ["B", "a", "b"])
            #expect(try await inbox.begun(messageID: UUID()) == [])
            // The record is not a mark: the message is not done.
            #expect(try await !inbox.isDone(handler: "a", messageID: id))
            #expect(try await inbox.handlers() == [])
            _ = try await inbox.prune(before: time(1))
            #expect(try await inbox.begun(messageID: id) == [])
        },
    ]

    private static let registrations: [Sentence] = [
        Sentence("A signal has the handlers that match it if the queue's bindings match it") {
            (subject: Subject) async throws in
            try await subject.inbox.register(
                table([("mail", "account.user_signed_up"), ("audit", "#")]), boundTo: ["account.#"], on: "q",
                at: time(0))
            #expect(try await subject.handlers("account.user_signed_up", at: 1) == ["audit", "mail"])
            #expect(try await subject.handlers("account.user_logged_in", at: 1) == ["audit"])
            #expect(try await subject.handlers("socialaccount.social_account_added", at: 1) == [])
            #expect(try await subject.inbox.work().handlers == ["audit", "mail"])
        },
        Sentence("A signal older than the registration has no handlers") {
            (subject: Subject) async throws in
            try await subject.inbox.register(table([("log", "#")]), boundTo: ["#"], on: "q", at: time(10))
            #expect(try await subject.handlers("account.user_signed_up", at: 9, settled: 11) == [])
            #expect(try await subject.handlers("account.user_signed_up", at: 10) == ["log"])
        },
        Sentence("A restart changes nothing; a removed handler ends and starts again when it is added back") {
            (subject: Subject) async throws in
            let inbox = subject.inbox
            let both = table([("log", "#"), ("webhook", "#")])
            for start in [0.0, 5] {
                try await inbox.register(both, boundTo: ["#"], on: "q", at: time(start))
            }
            #expect(try await subject.handlers("a.b", at: 1) == ["log", "webhook"])
            try await inbox.register(table([("log", "#")]), boundTo: ["#"], on: "q", at: time(10))
            #expect(try await subject.handlers("a.b", at: 9) == ["log", "webhook"])
            #expect(try await subject.handlers("a.b", at: 9, settled: 10) == ["log"])
            #expect(try await subject.handlers("a.b", at: 11) == ["log"])
            try await inbox.register(both, boundTo: ["#"], on: "q", at: time(20))
            #expect(try await subject.handlers("a.b", at: 21) == ["log", "webhook"])
            #expect(try await subject.handlers("a.b", at: 15) == ["log"])
        },
        Sentence("Workers that start concurrently register once") { (subject: Subject) async throws in
            let inbox = subject.inbox
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        try await inbox.register(
                            table([("log", "#")]), boundTo: ["#"], on: "q", at: time(Double(number)))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await inbox.work().entries.count == 2)
        },
        Sentence("An onUnhandled handler gets the signals that no other handler matches") {
            (subject: Subject) async throws in
            try await subject.inbox.register(
                table([("mail", "account.#")], rest: "rest"), boundTo: ["#"], on: "q", at: time(0))
            #expect(try await subject.handlers("account.user_signed_up", at: 1) == ["mail"])
            #expect(try await subject.handlers("billing.invoice_paid", at: 1) == ["rest"])
        },
        Sentence("A handler with a condition is not expected to have handled anything") {
            (subject: Subject) async throws in
            var table = table([("mail", "account.#")], rest: "rest")
            table.on(matching: "billing.#", as: "large", where: { _ in false }) { _, _ in }
            try await subject.inbox.register(table, boundTo: ["#"], on: "q", at: time(0))
            #expect(try await subject.handlers("account.user_signed_up", at: 1) == ["mail"])
            // It may have refused the signal, which then does not go to the handler of the rest either.
            #expect(try await subject.handlers("billing.invoice_paid", at: 1) == [])
            #expect(try await subject.handlers("shop.parcel_sent", at: 1) == ["rest"])
        },
        Sentence("Two queues that share an inbox keep separate handlers") {
            (subject: Subject) async throws in
            let inbox = subject.inbox
            try await inbox.register(table([("mail", "#")]), boundTo: ["account.#"], on: "one", at: time(0))
            try await inbox.register(table([("audit", "#")]), boundTo: ["mfa.#"], on: "two", at: time(0))
            #expect(try await subject.handlers("account.user_signed_up", at: 1) == ["mail"])
            #expect(try await subject.handlers("mfa.authenticator_added", at: 1) == ["audit"])
        },
        Sentence("No handlers are expected without a registration, and pruned time has none") {
            (subject: Subject) async throws in
            let inbox = subject.inbox
            #expect(try await inbox.work().isEmpty)
            try await inbox.register(SignalHandlers(), boundTo: ["#"], on: "q", at: time(0))
            #expect(try await subject.handlers("a.b", at: 1) == [])
            #expect(try await !inbox.work().isEmpty)
            try await inbox.register(table([("log", "#")]), boundTo: ["#"], on: "q", at: time(2))
            _ = try await inbox.prune(before: time(10))
            #expect(try await subject.handlers("a.b", at: 9) == [])
            #expect(try await subject.handlers("a.b", at: 10) == ["log"])
        },
        Sentence("Pruning drops the handlers that ended before, and keeps those that end later") {
            (subject: Subject) async throws in
            let inbox = subject.inbox
            try await inbox.register(
                table([("a", "#"), ("b", "#")]), boundTo: ["#"], on: "q", at: time(0))
            try await inbox.register(table([("b", "#")]), boundTo: ["#"], on: "q", at: time(5))
            try await inbox.register(table([("c", "#")]), boundTo: ["#"], on: "q", at: time(20))
            _ = try await inbox.prune(before: time(10))
            #expect(try await inbox.work().handlers == ["b", "c"])
            #expect(try await subject.handlers("a.b", at: 15) == ["b"])
            #expect(try await subject.handlers("a.b", at: 25) == ["c"])
        },
    ]
}
