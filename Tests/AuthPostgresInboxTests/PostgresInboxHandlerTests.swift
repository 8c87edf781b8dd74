// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresInbox
import AuthSignals
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Testing

@Suite(.enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
struct PostgresInboxHandlerTests {
    private struct Failure: Error {}
    private typealias Run = @Sendable (SignalEvent, SignalContext, any InboxTransaction) throws -> Void

    private static func run(_ handlers: SignalHandlers, _ name: String) throws -> Run {
        guard case .transactional(let run) = try #require(handlers.handler(named: name)).work else {
            Issue.record("the handler is not transactional")
            return { _, _, _ in }
        }
        return run
    }

    private static func event(_ number: Int) throws -> (SignalEvent, SignalContext) {
        let event = try SignalCodec.event(from: SignalMessage.test(number).body)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return (event, SignalContext(event: event, logger: logger))
    }

    @Test func `a handler's writes and its mark are one transaction`() async throws {
        try await InboxDatabase.with { database in
            let inbox = try database.inbox()
            let fails = Locked(true)
            var handlers = SignalHandlers()
            handlers.once(TestSignal.self, as: "things") { signal, _, connection in
                try connection.query("INSERT INTO thing VALUES ($1)", [.text("\(signal.number)")])
                if fails.value { throw Failure() }
            }
            let run = try Self.run(handlers, "things")
            let (event, context) = try Self.event(7)
            await #expect(throws: Failure.self) {
                try await inbox.once(handler: "things", messageID: event.id, at: Date()) {
                    try run(event, context, $0)
                }
            }
            // The application's row and the mark were rolled back together.
            #expect(try await database.things() == 0)
            #expect(try await !inbox.isDone(handler: "things", messageID: event.id))
            fails.change { $0 = false }
            for isFirst in [true, false] {
                let ran = try await inbox.once(handler: "things", messageID: event.id, at: Date()) {
                    try run(event, context, $0)
                }
                #expect(ran == isFirst)
            }
            #expect(try await database.psql("SELECT name FROM thing") == "7")
        }
    }

    @Test func `a handler of a pattern receives the connection`() async throws {
        try await InboxDatabase.with { database in
            let inbox = try database.inbox()
            var handlers = SignalHandlers()
            handlers.once(matching: "#", as: "things") { event, _, connection in
                try connection.query("INSERT INTO thing VALUES ($1)", [.text(event.name.rawValue)])
            }
            let run = try Self.run(handlers, "things")
            let (event, context) = try Self.event(1)
            let ran = try await inbox.once(handler: "things", messageID: event.id, at: Date()) {
                try run(event, context, $0)
            }
            #expect(ran)
            #expect(try await database.psql("SELECT name FROM thing") == event.name.rawValue)
        }
    }

    @Test func `rejects the transaction of another inbox`() async throws {
        var handlers = SignalHandlers()
        handlers.once(TestSignal.self, as: "things") { _, _, connection in
            try connection.query("SELECT 1")
        }
        let run = try Self.run(handlers, "things")
        let (event, context) = try Self.event(1)
        let error = await #expect(throws: PostgresInboxError.self) {
            try await MemoryInbox().once(handler: "things", messageID: event.id, at: Date()) {
                try run(event, context, $0)
            }
        }
        #expect(error?.code == .foreignTransaction)
    }
}
