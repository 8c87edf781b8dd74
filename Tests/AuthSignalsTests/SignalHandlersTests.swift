// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Synchronization
import Testing

@Suite struct SignalHandlersTests {
    /// Entries that the handlers record.
    private final class Log: Sendable {
        private let entries = Mutex<[String]>([])
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
        var all: [String] { entries.withLock { $0 } }
    }

    private struct Transaction: InboxTransaction { let log: Log }

    private func event(_ signal: any Signal) throws -> SignalEvent {
        try SignalCodec.event(from: SampleSignals.message(of: signal).body)
    }

    private func run(_ handlers: SignalHandlers, _ event: SignalEvent, log: Log = Log()) async throws {
        let context = SignalContext(event: event, attempt: 2, logger: Logger(label: "test"))
        for handler in handlers.handlers(for: event.name) {
            switch handler.work {
            case .plain(let body): try await body(event, context)
            case .transactional(let body): try body(event, context, Transaction(log: log))
            }
        }
    }

    private let loggedOut = UserLoggedOut(
        request: SampleSignals.request, user: SampleSignals.user, session: SampleSignals.session)

    @Test func `a typed handler receives the decoded signal and the event's context`() async throws {
        let log = Log()
        var handlers = SignalHandlers()
        handlers.on(UserLoggedOut.self, as: "out") { signal, context in
            log.add("\(signal.user.id) \(signal.session.id)")
            log.add("\(context.name) \(context.id.wireText) \(context.sequence ?? 0) \(context.attempt)")
            log.add(
                "\(context.source) \(context.subject ?? "") \(context.correlationID ?? "") \(context.time.wireText)"
            )
        }
        try await run(handlers, event(loggedOut))
        #expect(
            log.all == [
                "0199f0b1-0000-7000-8000-000000000001 0199f0b1-0000-7000-8000-000000000002",
                "account.user_logged_out 0199f0c2-0000-7000-8000-0000000000bb 12345 2",
                "https://accounts.example.org 0199f0b1-0000-7000-8000-000000000001 "
                    + "0199f0c2-0000-7000-8000-0000000000aa 2026-11-23T08:00:00.123Z",
            ])
    }

    @Test func `every matching handler runs, in the order of registration`() async throws {
        let log = Log()
        var handlers = SignalHandlers()
        handlers.on(matching: "#", as: "all") { event, _ in log.add("all \(event.name)") }
        handlers.on(UserLoggedIn.self, as: "in") { _, _ in log.add("in") }
        handlers.on(UserLoggedOut.self, as: "out") { _, _ in log.add("out") }
        handlers.on(matching: "account.*", as: "accounts") { _, _ in log.add("accounts") }
        handlers.on(matching: "socialaccount.#", as: "social") { _, _ in log.add("social") }
        handlers.onUnhandled(as: "rest") { _, _ in log.add("rest") }
        try await run(handlers, event(loggedOut))
        #expect(log.all == ["all account.user_logged_out", "out", "accounts"])
    }

    @Test func `the catch-all handler receives only signals without another handler`() async throws {
        let log = Log()
        var handlers = SignalHandlers()
        handlers.on(UserLoggedOut.self, as: "out") { _, _ in log.add("out") }
        #expect(handlers.handlers(for: "mfa.authenticator_added").isEmpty)
        handlers.onUnhandled(as: "rest") { event, _ in log.add("rest \(event.name)") }
        #expect(handlers.handlers(for: "mfa.authenticator_added").map(\.name) == ["rest"])
        try await run(handlers, event(loggedOut))
        try await run(handlers, event(PasswordSet(request: SampleSignals.request, user: SampleSignals.user)))
        #expect(log.all == ["out", "rest account.password_set"])
    }

    @Test func `a transactional handler receives the transaction`() async throws {
        let log = Log()
        var handlers = SignalHandlers()
        handlers.once(UserLoggedOut.self, as: "count") { signal, context, transaction in
            (transaction as? Transaction)?.log.add("\(signal.user.id) \(context.attempt)")
        }
        try await run(handlers, event(loggedOut), log: log)
        #expect(log.all == ["\(SampleSignals.user.id) 2"])
        guard case .transactional = handlers.all[0].work else {
            Issue.record("the handler is not transactional")
            return
        }
    }

    @Test func `a typed handler throws wrongType for data of another type without running its body`()
        async throws
    {
        let log = Log()
        var handlers = SignalHandlers()
        handlers.on(UserLoggedOut.self, as: "out") { _, _ in log.add("out") }
        var event = try event(PasswordSet(request: SampleSignals.request, user: SampleSignals.user))
        event.name = UserLoggedOut.name
        let foreign = event
        await #expect {
            try await run(handlers, foreign)
        } throws: {
            ($0 as? SignalError)?.code == .wrongType
        }
        #expect(log.all.isEmpty)
    }

    @Test func `passes an error of a handler to the caller unchanged`() async throws {
        var handlers = SignalHandlers()
        handlers.on(UserLoggedOut.self, as: "out") { _, _ in throw SignalVerdict.reject("no") }
        await #expect(throws: SignalVerdict.reject("no")) { try await run(handlers, event(loggedOut)) }
    }

    @Test func `finds a handler and its signal types by its name`() {
        var handlers = SignalHandlers()
        handlers.on(UserLoggedOut.self, as: "out") { _, _ in }
        handlers.on(matching: "#", as: "All.of-them_1") { _, _ in }
        handlers.onUnhandled(as: "rest") { _, _ in }
        #expect(handlers.handler(named: "out")?.types.map { $0.name } == [UserLoggedOut.name])
        #expect(handlers.handler(named: "out")?.interest == .name(UserLoggedOut.name))
        #expect(handlers.handler(named: "All.of-them_1")?.interest == .pattern("#"))
        #expect(handlers.handler(named: "rest") != nil)
        #expect(handlers.handler(named: "Out") == nil)
        #expect(handlers.all.map(\.name) == ["out", "All.of-them_1"])
    }

    @Test func `rejects a duplicate handler name`() {
        var handlers = SignalHandlers()
        handlers.on(UserLoggedOut.self, as: "one") { _, _ in }
        handlers.onUnhandled(as: "rest") { _, _ in }
        #expect(handlers.fault(inName: "one")?.contains("already has a handler named") == true)
        #expect(handlers.fault(inName: "rest")?.contains("already has a handler named") == true)
        #expect(handlers.fault(inName: "two") == nil)
    }

    @Test(arguments: ["", "naïve name", "a b", "a/b", String(repeating: "x", count: 101)])
    func `rejects a handler name that a header cannot carry`(name: String) {
        #expect(SignalHandlers().fault(inName: name)?.contains("1 to 100 characters") == true)
    }

    @Test func `accepts handler names of up to a hundred characters`() {
        var handlers = SignalHandlers()
        handlers.on(matching: "#", as: String(repeating: "x", count: 100)) { _, _ in }
        #expect(handlers.all.count == 1)
    }
}
