// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Logging
import Testing

@Suite struct HandlerSurroundingsTests {
    private struct Secret: Error, CustomStringConvertible { var description: String { "password=hunter2" } }

    private struct Noting: SignalMiddleware {
        let name: String
        let notes: Locked<[String]>

        func handle(
            _ event: SignalEvent, _ context: SignalContext, by handler: String,
            next: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
        ) async throws {
            notes.change { $0.append("\(name) before \(handler)") }
            try await next(event, context)
            notes.change { $0.append("\(name) after \(handler)") }
        }
    }

    private struct Refusing: SignalMiddleware {
        func handle(
            _ event: SignalEvent, _ context: SignalContext, by handler: String,
            next: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
        ) async throws {
            throw SignalVerdict.reject("not here")
        }
    }

    @Test func `middleware wraps every handler, the first one outermost`() async throws {
        let bench = DispatcherBench()
        let notes = Locked<[String]>([])
        bench.on { _, _ in notes.change { $0.append("handler") } }
        bench.send(.test(1))
        try await bench.running {
            $0.middleware = [Noting(name: "outer", notes: notes), Noting(name: "inner", notes: notes)]
        } _: {
            try await bench.untilSettled()
        }
        #expect(
            notes.value == [
                "outer before recorder", "inner before recorder", "handler", "inner after recorder",
                "outer after recorder",
            ])
    }

    @Test func `an error thrown by middleware counts as the handler's failure`() async throws {
        let bench = DispatcherBench()
        bench.on()
        bench.send(.test(1))
        try await bench.running {
            $0.middleware = [Refusing()]
        } _: {
            try await eventually("it is dead-lettered") { bench.dead.count == 1 }
        }
        #expect(bench.recorder.entries.isEmpty)
        #expect(bench.dead.first?.headers["auth-reason"] == .string("not here"))
    }

    @Test func `the error's text is only stored in the message if configured`() async throws {
        let quiet = DispatcherBench()
        quiet.on { _, _ in throw Secret() }
        quiet.send(.test(1))
        try await quiet.running { try await eventually("it failed") { quiet.on(.oneSecond).count == 1 } }
        #expect(quiet.on(.oneSecond).first?.headers["auth-error"] == .string("Secret"))

        let open = DispatcherBench()
        open.on { _, _ in throw Secret() }
        open.send(.test(1))
        try await open.running {
            $0.errorDetail = .text
        } _: {
            try await eventually("it failed") { open.on(.oneSecond).count == 1 }
        }
        #expect(open.on(.oneSecond).first?.headers["auth-error"] == .string("Secret: password=hunter2"))
    }

    @Test(arguments: [Int64.max, Int64.min, -1]) func `accepts any number in the attempt header`(
        _ number: Int64
    ) async throws {
        let bench = DispatcherBench()
        bench.on { _, _ in throw Secret() }
        var copy = SignalMessage.test(1)
        copy.headers["auth-handler"] = .string("recorder")
        copy.headers["auth-attempt"] = .integer(number)
        bench.send(copy)
        try await bench.running {
            try await eventually("it was retried or dead-lettered") {
                bench.dead.count + bench.on(.oneSecond).count == 1
            }
        }
        #expect(bench.dead.count == (number > 0 ? 1 : 0))
    }

    @Test func `ignores an attempt header without a handler`() async throws {
        let bench = DispatcherBench()
        bench.on()
        var message = SignalMessage.test(1)
        // An attempt count without a handler header belongs to no handler.
        message.headers["auth-attempt"] = .integer(5)
        bench.send(message)
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.recorder.entries.first?.context.attempt == 1)
    }

    @Test func `prunes inbox entries older than the retention`() async throws {
        let bench = DispatcherBench()
        let now = FixedClock().now()
        let (old, young) = (UUID(), UUID())
        try await bench.inbox.markDone(
            handler: "one", messageID: old, at: now.addingTimeInterval(-41 * 86_400))
        try await bench.inbox.markDone(
            handler: "one", messageID: young, at: now.addingTimeInterval(-39 * 86_400))
        try await bench.running {
            try await eventually("it was pruned") { bench.inbox.marks.count == 1 }
        }
        #expect(bench.inbox.marks.keys.map(\.messageID) == [young])
    }
}
