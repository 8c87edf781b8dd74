// SPDX-License-Identifier: Apache-2.0
import AuthMail
import InMemoryLogging
import Logging
import Testing

@Suite struct LogTransportTests {
    private func entries(at level: Logger.Level) async throws -> [String] {
        let handler = InMemoryLogHandler()
        var logger = Logger(label: "test") { _ in handler }
        logger.logLevel = level
        let mail = try Samples.rendered(id: Samples.id)
        try await LogTransport(logger: logger).send(mail)
        return handler.entries.map { "\($0.message) \($0.metadata)" }
    }

    @Test func `logs the template and the mail id`() async throws {
        let entries = try await entries(at: .info)
        #expect(entries.count == 1)
        #expect(entries[0].contains("email_confirmation"))
        #expect(entries[0].contains("0199f0c2-0000-7000-8000-000000000001"))
        #expect(!entries[0].contains("ann@example.org"))
    }

    @Test func `logs the recipient below info level only, and never a key or code`() async throws {
        let entries = try await entries(at: .trace)
        #expect(entries.contains { $0.contains("ann@example.org") })
        #expect(!entries.contains { $0.contains("KEY") || $0.contains("BCDF") })
    }
}
