// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@Suite struct SignalDispatcherTests {
    private struct Boom: Error {}
    private let bench = DispatcherBench()

    @Test func `a message is acknowledged after its handler`() async throws {
        let gate = Gate()
        bench.on { _, _ in await gate.wait() }
        bench.send(.test(1))
        try await bench.running {
            try await bench.recorder.wait { $0.count == 1 }
            #expect(bench.unsettled == 1)
            gate.open()
            try await bench.untilSettled()
        }
        #expect(bench.main.isEmpty && bench.dead.isEmpty)
    }

    @Test func `a signal without a handler is acknowledged`() async throws {
        bench.send(.test(1))
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.main.isEmpty && bench.dead.isEmpty)
    }

    @Test func `a typed handler gets its signal and the message's context`() async throws {
        let seen = Locked<[(Int, SignalContext)]>([])
        bench.change { handlers in
            handlers.on(TestSignal.self, as: "typed") { signal, context in
                seen.change { $0.append((signal.number, context)) }
            }
        }
        let message = SignalMessage.test(7, subject: "someone")
        bench.send(message)
        try await bench.running { try await bench.untilSettled() }
        let (number, context) = try #require(seen.value.first)
        #expect(number == 7)
        #expect(context.id.wireText == message.messageID)
        #expect(context.name == TestSignal.name)
        #expect(context.subject == "someone")
        #expect(context.sequence == 7)
        #expect(context.attempt == 1)
        #expect(context.logger[metadataKey: "signal"] == "testing.happened")
    }

    @Test func `a message that is delivered twice is handled once`() async throws {
        bench.on()
        let message = SignalMessage.test(1)
        bench.send(message)
        bench.send(message)
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.recorder.entries.count == 1)
        #expect(bench.inbox.marks.count == 1)
    }

    @Test func `a handler's writes in the inbox transaction happen once`() async throws {
        bench.change { handlers in
            handlers.once(TestSignal.self, as: "writer") { signal, _, transaction in
                try #require(transaction as? MemoryInbox.Transaction).written.append("\(signal.number)")
            }
        }
        let message = SignalMessage.test(5)
        for _ in 0..<3 { bench.send(message) }
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.inbox.written == ["5"])
    }

    @Test func `a failed handler gets its own retry copy, and the others do not run again`() async throws {
        let good = SignalRecorder()
        bench.on { _, context in if context.attempt == 1 { throw Boom() } }
        bench.change { good.add(to: &$0, as: "good") }
        let message = SignalMessage.test(1, subject: "someone")
        bench.send(message)
        try await bench.running {
            try await eventually("it is on its retry rung") { bench.on(.oneSecond).count == 1 }
            let copy = try #require(bench.on(.oneSecond).first)
            #expect(copy.headers["auth-handler"] == .string("recorder"))
            #expect(copy.headers["auth-attempt"] == .integer(1))
            bench.broker.advance(by: .seconds(1))
            try await bench.recorder.wait { $0.count == 2 }
            try await bench.untilSettled()
        }
        #expect(bench.recorder.entries.map(\.context.attempt) == [1, 2])
        #expect(good.entries.count == 1)
        #expect(bench.dead.isEmpty)
    }

    @Test func `two failed handlers get one retry copy each`() async throws {
        bench.on { _, _ in throw Boom() }
        bench.change { $0.on(matching: "#", as: "other") { _, _ in throw Boom() } }
        bench.send(.test(1))
        try await bench.running {
            try await eventually("both are on their retry rung") { bench.on(.oneSecond).count == 2 }
        }
        #expect(
            Set(bench.on(.oneSecond).compactMap { $0.headers["auth-handler"]?.string }) == [
                "recorder", "other",
            ])
        #expect(bench.unsettled == 0)
    }

    @Test func `a message goes through each retry rung and is then dead-lettered`() async throws {
        bench.on { _, _ in throw Boom() }
        bench.send(.test(1))
        try await bench.running {
            $0.retries = .ladder(hours: 2)
        } _: {
            let rungs: [RetryRung] = [.oneSecond, .tenSeconds, .oneMinute, .tenMinutes, .oneHour, .oneHour]
            for (index, rung) in rungs.enumerated() {
                try await eventually("attempt \(index + 1) has failed") {
                    bench.on(rung).first?.headers["auth-attempt"] == .integer(Int64(index + 1))
                }
                bench.broker.advance(by: rung.delay)
            }
            try await eventually("it is dead-lettered") { bench.dead.count == 1 }
        }
        let letter = try #require(bench.dead.first)
        #expect(letter.headers["auth-attempt"] == .integer(7))
        #expect(letter.headers["auth-reason"] == .string("attempts-exhausted"))
        #expect(bench.recorder.entries.map(\.context.attempt) == Array(1...7))
    }

    @Test func `a handler can reject a message or request a delay`() async throws {
        bench.change { handlers in
            handlers.on(TestSignal.self, as: "judge") { signal, _ in
                throw signal.number == 1 ? SignalVerdict.reject("no such user") : .retry(after: .seconds(11))
            }
        }
        bench.send(.test(1))
        bench.send(.test(2))
        try await bench.running {
            try await eventually("both were settled") {
                bench.dead.count == 1 && bench.on(.oneMinute).count == 1
            }
        }
        let letter = try #require(bench.dead.first)
        #expect(letter.headers["auth-reason"] == .string("no such user"))
        #expect(letter.headers["auth-attempt"] == .integer(1))
    }

    @Test(arguments: ["", "{", "[]", #"{"specversion":"1.0"}"#, "\u{0}\u{1}binary"])
    func `a malformed message is dead-lettered with its reason, and the worker continues`(_ body: String)
        async throws
    {
        bench.on()
        var broken = SignalMessage.test(1)
        broken.body = Data(body.utf8)
        bench.send(broken)
        bench.send(.test(2))
        try await bench.running {
            try await bench.recorder.wait { $0.count == 1 }
            try await eventually("it is dead-lettered") { bench.dead.count == 1 }
        }
        #expect(bench.dead.first?.headers["auth-reason"] == .string("malformed"))
        #expect(bench.dead.first?.body == broken.body)
        #expect(bench.recorder.entries.first?.event.sequence == 2)
    }

    @Test func `a body over the size limit is dead-lettered with its reason and its body`()
        async throws
    {
        bench.on()
        var large = SignalMessage.test(1)
        large.body = Data(count: 1 << 20) + Data([0])
        bench.send(large)
        bench.send(.test(2))
        try await bench.running {
            try await bench.recorder.wait { $0.count == 1 }
            try await eventually("it is dead-lettered") { bench.dead.count == 1 }
        }
        #expect(bench.dead.first?.headers["auth-reason"] == .string("too-large"))
        #expect(bench.dead.first?.body == large.body)
    }

    @Test func `a message whose data does not match the handler's type is dead-lettered, not retried`()
        async throws
    {
        bench.change { $0.on(UserLoggedIn.self, as: "typed") { _, _ in } }
        bench.send(.test(1, name: UserLoggedIn.name))
        try await bench.running { try await eventually("it is dead-lettered") { bench.dead.count == 1 } }
        #expect(bench.dead.first?.headers["auth-reason"] == .string("malformed"))
        #expect(bench.dead.first?.headers["auth-handler"] == .string("typed"))
        // The error text contains nothing from the payload.
        #expect(
            bench.dead.first?.headers["auth-error"]?.string?.hasPrefix(
                "SignalError (wrong_type: the data is not a valid account.user_logged_in: data.") == true)
    }

    @Test func `logs and stores the text of a loggable error, but only the type of others`()
        async throws
    {
        struct Refused: LoggableError { var description: String { "the calendar answered 500" } }
        struct Secretive: Error, CustomStringConvertible { var description: String { "jane@example.org" } }
        bench.change {
            $0.on(matching: "#", as: "open") { _, _ in throw Refused() }
            $0.on(matching: "#", as: "closed") { _, _ in throw Secretive() }
        }
        bench.send(.test(1))
        try await bench.running {
            try await eventually("both are on their retry rung") { bench.on(.oneSecond).count == 2 }
        }
        let errors = bench.on(.oneSecond).map { $0.headers["auth-error"] }
        #expect(Set(errors) == [.string("Refused (the calendar answered 500)"), .string("Secretive")])
        let lines = bench.log.entries.map { "\($0.metadata)" }
        #expect(lines.contains { $0.contains("the calendar answered 500") })
        #expect(!lines.contains { $0.contains("jane") })
    }

    @Test func `a copy for an unknown handler is dead-lettered`() async throws {
        bench.on()
        var copy = SignalMessage.test(1)
        copy.headers["auth-handler"] = .string("gone")
        bench.send(copy)
        try await bench.running { try await eventually("it is dead-lettered") { bench.dead.count == 1 } }
        #expect(bench.dead.first?.headers["auth-reason"] == .string("unknown-handler"))
        #expect(bench.dead.first?.headers["auth-handler"] == .string("gone"))
        #expect(bench.recorder.entries.isEmpty)
    }

    @Test func `a handler that times out has failed and does not delay others`() async throws {
        let gate = Gate()
        bench.on { event, _ in if event.sequence == 1 { await gate.wait() } }
        let slow = SignalMessage.test(1, subject: "a")
        bench.send(slow)
        bench.send(.test(2, subject: "a"))
        try await bench.running {
            $0.handlerTimeout = .milliseconds(30)
        } _: {
            try await bench.recorder.wait { $0.contains { $0.event.sequence == 2 } }
            // On a busy machine the second one may take too long, too.
            try await eventually("the first is on its retry rung") {
                bench.on(.oneSecond).contains { $0.messageID == slow.messageID }
            }
        }
        let copy = bench.on(.oneSecond).first { $0.messageID == slow.messageID }
        #expect(copy?.headers["auth-error"] == .string("HandlerTimeout"))
        gate.open()
    }

    @Test func `a message that could not be republished is kept until it can`() async throws {
        bench.on { _, _ in throw Boom() }
        bench.send(.test(1))
        let refusals = Locked(0)
        bench.broker.answer { message in
            guard message.headers["auth-handler"] != nil, refusals.value < 3 else { return .route }
            refusals.change { $0 += 1 }
            return .nack
        }
        try await bench.running {
            $0.republishPause = .milliseconds(1)
        } _: {
            try await eventually("it is on its retry rung") { bench.on(.oneSecond).count == 1 }
        }
        #expect(refusals.value == 3)
        #expect(bench.recorder.entries.count == 1)
        #expect(bench.unsettled == 0)
    }
}
