// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Logging
import Testing

@testable import AuthWorker

@Suite("The handlers log and webhook")
struct HandlerTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func event() throws -> SignalEvent {
        let id = "0199a6a0-0000-7000-8000-000000000001"
        let body = """
            {"specversion":"1.0","id":"\(id)","source":"http://accounts.test","type":"account.user_logged_out",
             "subject":"\(id)","time":"2026-11-23T08:00:00.123Z","datacontenttype":"application/json",
             "data":{"request":{},"user":{"id":"\(id)","email":"ada@example.org"}}}
            """
        return try SignalCodec.event(from: Data(body.utf8))
    }

    @Test func `the log prints a header once and no address`() throws {
        let lines = Locked<[String]>([])
        let log = SignalLog(format: .table) { line in lines.change { $0.append(line) } }
        for attempt in 1...2 {
            let event = try event()
            try log.write(event, SignalContext(event: event, attempt: attempt, logger: logger))
        }
        let text = lines.value.joined()
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.hasPrefix("time "))
        #expect(text.contains("account.user_logged_out"))
        #expect(!text.contains("ada@example.org"))
    }

    @Test(arguments: [true, false])
    func `the log prints personal data only if it is full`(full: Bool) throws {
        let lines = Locked<[String]>([])
        let log = SignalLog(format: .json, full: full) { line in lines.change { $0.append(line) } }
        let event = try event()
        try log.write(event, SignalContext(event: event, logger: logger))
        #expect(lines.value.count == 1)
        #expect(lines.value.joined().contains("ada@example.org") == full)
    }
}
