// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite("HandlerTest") struct HandlerTestTests {
    private struct Down: Error {}

    private let mails = Locked<[String]>([])

    /// Handlers of which `mail` fails as often as given.
    private func handlers(failing failures: Int = 0, with error: any Error = Down()) -> SignalHandlers {
        let mails = mails
        var handlers = SignalHandlers()
        handlers.on(UserSignedUp.self, as: "mail") { signal, context in
            if context.attempt <= failures { throw error }
            mails.change { $0.append(signal.user.email ?? "") }
        }
        handlers.on(matching: "account.#", as: "audit") { _, _ in }
        return handlers
    }

    @Test func `a message is handled when send returns`() async throws {
        try await HandlerTest(handlers()) { worker in
            try await worker.send(UserSignedUp.sample(user: .sample(email: "ada@example.org")))
            #expect(mails.value == ["ada@example.org"])
            #expect(worker.handled == 2)
            #expect(worker.handled(by: "mail") == 1)
            #expect(worker.handled(by: "audit") == 1)
            #expect(worker.handled(by: "other") == 0)
            #expect(worker.retries.isEmpty && worker.deadLetters.isEmpty)
        }
    }

    @Test func `send waits for a handler that suspends`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let isHandled = Locked(false)
        var handlers = SignalHandlers()
        handlers.on(PasswordSet.self, as: "slow") { _, _ in
            for await _ in gate { break }
            isHandled.change { $0 = true }
        }
        try await HandlerTest(handlers) { worker in
            async let sent = worker.send(PasswordSet.sample())
            try await eventually("the message is delivered") {
                worker.broker.unacknowledged(in: "worker") == 1
            }
            #expect(!isHandled.value)
            open.yield()
            _ = try await sent
            #expect(isHandled.value)
            #expect(worker.handled == 1)
        }
    }

    @Test func `a failed message waits for its retry, which advancing the clock runs`() async throws {
        try await HandlerTest(handlers(failing: 1)) { worker in
            try await worker.send(UserSignedUp.sample())
            let retry = try #require(worker.retries.first)
            #expect(worker.retries.count == 1)
            #expect(retry.signal == UserSignedUp.name)
            #expect(retry.handler == "mail")
            #expect(retry.attempts == 1)
            #expect(retry.rung == .oneSecond)
            #expect(retry.error == "Down")
            #expect(retry.reason == nil)
            #expect(mails.value.isEmpty)

            try await worker.advance(by: .milliseconds(999))
            #expect(worker.retries.count == 1)
            try await worker.advance(by: .milliseconds(1))
            #expect(worker.retries.isEmpty)
            #expect(mails.value == ["jane.doe@example.org"])
            // The other handler is not called again.
            #expect(worker.handled(by: "audit") == 1)
        }
    }

    @Test func `advancing the clock runs every retry at its time`() async throws {
        let times = Locked<[TimeInterval]>([])
        let clock = FixedClock()
        let start = clock.now()
        var handlers = SignalHandlers()
        handlers.on(UserSignedUp.self, as: "mail") { _, _ in
            times.change { $0.append(clock.now().timeIntervalSince(start).rounded()) }
            throw Down()
        }
        var settings = DispatcherSettings()
        settings.retries = .ladder(hours: 1)
        try await HandlerTest(handlers, settings: settings, clock: clock) { worker in
            try await worker.send(UserSignedUp.sample())
            try await worker.advance(by: .seconds(86_400))
            #expect(times.value == [0, 1, 11, 71, 671, 4271])
            #expect(worker.now == start + 86_400)
            #expect(worker.retries.isEmpty)
            let dead = try #require(worker.deadLetters.first)
            #expect(worker.deadLetters.count == 1)
            #expect(dead.attempts == 6)
            #expect(dead.reason == "attempts-exhausted")
            #expect(dead.rung == nil)
            #expect(try dead.decode(UserSignedUp.self).user.email == "jane.doe@example.org")
            #expect(
                dead.description
                    == "account.user_signed_up by mail, attempt 6, Down, dead: attempts-exhausted")
        }
    }

    @Test func `one message can fail for every attempt of the standard schedule`() async throws {
        try await HandlerTest(handlers(failing: .max)) { worker in
            try await worker.send(UserSignedUp.sample())
            try await worker.advance(by: .seconds(90_000))
            #expect(worker.deadLetters.map(\.attempts) == [29])
            #expect(worker.retries.isEmpty)
        }
    }

    @Test func `an open circuit defers messages without an attempt`() async throws {
        var settings = HandlerTest.settings
        settings.circuitBreaker = CircuitBreakerSettings()
        settings.circuitBreaker?.failures = 1
        try await HandlerTest(handlers(failing: 1), settings: settings) { worker in
            try await worker.send(UserSignedUp.sample())
            try await worker.send(UserSignedUp.sample())
            #expect(worker.retries.map(\.attempts).sorted() == [0, 1])
            #expect(mails.value.isEmpty)
        }
    }

    @Test func `signals that are sent at once can be one batch`() async throws {
        let sizes = Locked<[Int]>([])
        var handlers = SignalHandlers()
        handlers.onBatch(UserLoggedIn.self, as: "statistics", upTo: 100, within: .seconds(20)) { batch in
            sizes.change { $0.append(batch.count) }
        }
        try await HandlerTest(handlers) { worker in
            try await worker.send((0..<100).map { UserLoggedIn.sample(user: .sample(id: "\($0)")) })
            #expect(sizes.value == [100])
            #expect(worker.handled == 100)
        }
    }

    @Test func `a rejected message is a dead letter at once`() async throws {
        try await HandlerTest(handlers(failing: 1, with: SignalVerdict.reject("no such plan"))) { worker in
            try await worker.send(UserSignedUp.sample())
            #expect(worker.deadLetters.map(\.reason) == ["no such plan"])
            #expect(worker.deadLetters.map(\.handler) == ["mail"])
            #expect(worker.deadLetters.map(\.attempts) == [1])
            #expect(worker.handled(by: "mail") == 0)
        }
    }

    @Test func `a malformed message is a dead letter without a handler`() async throws {
        try await HandlerTest(handlers()) { worker in
            try await worker.send(
                SignalMessage(routingKey: "account.user_signed_up", messageID: "1", body: Data("{".utf8)))
            let dead = try #require(worker.deadLetters.first)
            #expect(dead.reason == "malformed")
            #expect(dead.handler == nil)
            #expect(dead.attempts == 0)
            #expect(dead.signal == nil)
            #expect(throws: SignalError.self) { try dead.decode(UserSignedUp.self) }
            #expect(worker.handled == 0)
        }
    }

    @Test func `a message that is sent twice is handled once`() async throws {
        let inbox = MemoryInbox()
        try await HandlerTest(handlers(), inbox: inbox) { worker in
            let message = try await worker.send(UserSignedUp.sample())
            try await worker.send(message)
            #expect(mails.value.count == 1)
            #expect(worker.handled(by: "mail") == 1)
            #expect(Set(inbox.marks.keys.map(\.handler)) == ["mail", "audit"])
            let id = try #require(UUID(uuidString: message.messageID))
            #expect(try await worker.inbox.isDone(handler: "mail", messageID: id))
        }
    }

    @Test func `several signals are sent at once, in order, with increasing sequences`() async throws {
        let sequences = Locked<[Int64]>([])
        var handlers = SignalHandlers()
        handlers.on(matching: "#", as: "all") { _, context in
            sequences.change { $0.append(context.sequence ?? 0) }
        }
        try await HandlerTest(handlers) { worker in
            let messages = try await worker.send([
                UserSignedUp.sample(), EmailConfirmed.sample(), UserLoggedIn.sample(),
            ])
            #expect(
                messages.map(\.routingKey) == [
                    "account.user_signed_up", "account.email_confirmed", "account.user_logged_in",
                ])
            #expect(sequences.value == [1, 2, 3])
            #expect(worker.handled == 3)
        }
    }

    @Test func `a signal that no handler takes is settled and not handled`() async throws {
        try await HandlerTest(SignalHandlers()) { worker in
            try await worker.send(UserLoggedOut.sample())
            #expect(worker.handled == 0)
            #expect(worker.deadLetters.isEmpty && worker.retries.isEmpty)
        }
    }

    @Test func `a transactional handler writes in the given inbox`() async throws {
        let inbox = MemoryInbox()
        var handlers = SignalHandlers()
        handlers.once(UserSignedUp.self, as: "write") { signal, _, transaction in
            (transaction as? MemoryInbox.Transaction)?.written.append(signal.user.id)
        }
        try await HandlerTest(handlers, inbox: inbox) { worker in
            try await worker.send(UserSignedUp.sample(user: .sample(id: "7")))
            #expect(inbox.written == ["7"])
        }
    }

    @Test func `a handler that hangs is reported with its signal, and the test ends`() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        defer { open.finish() }
        var handlers = SignalHandlers()
        handlers.on(PasswordSet.self, as: "hangs") { _, _ in
            // Ignores cancellation, like a blocking call.
            await Task.detached { for await _ in gate { break } }.value
        }
        let error = await #expect(throws: NotInTime.self) {
            try await HandlerTest(handlers, within: .milliseconds(100)) { worker in
                try await worker.send(PasswordSet.sample())
            }
        }
        #expect(error?.description.contains("account.password_set") == true)
    }

    @Test func `the error of the test's body is thrown`() async throws {
        await #expect(throws: Down.self) {
            try await HandlerTest(handlers()) { _ in throw Down() }
        }
    }

    @Test func `an unacknowledged message is handled again after a connection loss`() async throws {
        let attempts = Locked(0)
        let (gate, open) = AsyncStream<Void>.makeStream()
        var handlers = SignalHandlers()
        handlers.on(PasswordSet.self, as: "again") { _, _ in
            attempts.change { $0 += 1 }
            for await _ in gate { break }
            throw Down()
        }
        try await HandlerTest(handlers) { worker in
            async let sent = worker.send(PasswordSet.sample())
            try await eventually("the handler has started") { attempts.value == 1 }
            worker.broker.dropConnections()
            open.finish()
            _ = try await sent
            #expect(attempts.value == 2)
            #expect(worker.retries.count == 1)
        }
    }

    @Test @MainActor func `it runs on the actor of the test`() async throws {
        var isChanged = false
        try await HandlerTest(handlers()) { worker in
            MainActor.assertIsolated()
            isChanged = true
            try await worker.send(UserSignedUp.sample())
        }
        #expect(isChanged)
    }
}
