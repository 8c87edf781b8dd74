// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import InMemoryLogging
import Logging
import Testing

@testable import AuthBroker

@Suite struct FaultLogTests {
    private let url = BrokerURL(host: "a")
    private let start = ContinuousClock.now

    @Test func `a repeated failure is logged once, then again after minutes with the number of omitted ones`()
    {
        var log = FaultLog()
        let error = BrokerError(.accessRefused, "no")
        #expect(log.admit(error, at: url, isLoss: false, now: start) == 0)
        for second in 1..<300 {
            #expect(log.admit(error, at: url, isLoss: false, now: start + .seconds(second)) == nil)
        }
        #expect(log.admit(error, at: url, isLoss: false, now: start + FaultLog.interval) == 299)
        #expect(log.admit(error, at: url, isLoss: false, now: start + .seconds(301)) == nil)
    }

    @Test func `another error and another node are logged at once`() {
        var log = FaultLog()
        for _ in 0..<3 {
            _ = log.admit(BrokerError(.unreachable, "refused"), at: url, isLoss: false, now: start)
        }
        #expect(log.admit(BrokerError(.unreachable, "time"), at: url, isLoss: false, now: start) == 0)
        #expect(
            log.admit(
                BrokerError(.unreachable, "refused"), at: BrokerURL(host: "b"), isLoss: false, now: start)
                == 0)
        #expect(log.admit(BrokerError(.unreachable, "refused"), at: url, isLoss: true, now: start) == 0)
    }

    @Test func `a connection that is lost every second is not logged every second`() {
        var log = FaultLog()
        let error = BrokerError(.connectionLost, "gone")
        let logged = (0..<600).count { second in
            _ = log.connected()
            log.ended(after: .seconds(1))
            return log.admit(error, at: url, isLoss: true, now: start + .seconds(second)) != nil
        }
        #expect((2...60).contains(logged))
        // The loss of a connection that was stable is logged each time.
        log.ended(after: .seconds(61))
        #expect(log.admit(error, at: url, isLoss: true, now: start + .seconds(600)) == 0)
    }

    @Test func `memory stays bounded with unlimited kinds of errors, and new ones are logged`() {
        var log = FaultLog()
        for number in 0..<1000 {
            let error = BrokerError(.refusedByBroker, "\(number)")
            #expect(log.admit(error, at: url, isLoss: false, now: start + .seconds(number)) == 0)
        }
    }

    @Test func `the first connection after a logged error reports the recovery, once`() {
        var log = FaultLog()
        var isEnded = log.connected()
        #expect(!isEnded)
        _ = log.admit(BrokerError(.connectionLost, "gone"), at: url, isLoss: true, now: start)
        isEnded = log.connected()
        #expect(isEnded)
        isEnded = log.connected()
        #expect(!isEnded)
    }

    @Test(arguments: [
        (BrokerError.Code.accessRefused, Logger.Level.warning), (.topologyMismatch, .warning),
        (.tls, .warning),
        (.notFound, .warning), (.refusedByBroker, .warning), (.unreachable, .notice),
        (.connectionLost, .notice),
        (.unconfirmed, .notice),
    ])
    func `errors that do not resolve themselves are warnings`(_ code: BrokerError.Code, _ level: Logger.Level)
    {
        #expect(BrokerError(code, "").logLevel == level)
    }
}

/// What an operator sees at `LOG_LEVEL=notice`.
@Suite(.needsBroker) struct ConnectionLogTests {
    private func lines(
        _ change: (inout BrokerSettings) -> Void,
        until isEnough:
            @escaping @Sendable ([InMemoryLogHandler.Entry], BrokerPublisher, LoopbackProxy) -> Bool
    ) async throws -> [InMemoryLogHandler.Entry] {
        let records = InMemoryLogHandler()
        var logger = Logger(label: "test") { _ in records }
        logger.logLevel = .notice
        let proxy = try LoopbackProxy(to: try await PrivateBroker.shared.port)
        defer { proxy.close() }
        var settings = BrokerSettings(urls: [BrokerURL(host: "127.0.0.1", port: Int(proxy.port))])
        (settings.firstPause, settings.longestPause) = (.milliseconds(10), .milliseconds(20))
        settings.exchange = "logged\(UInt64.random(in: 0...UInt64.max)).signals"
        change(&settings)
        let publisher = BrokerPublisher(settings, logger: logger)
        let running = Task { try await publisher.run() }
        try await eventually(within: .seconds(60), "the log lines were written") {
            isEnough(records.entries, publisher, proxy)
        }
        running.cancel()
        try await running.value
        let exchange = settings.exchange
        let admin = BrokerAdmin(BrokerSettings(urls: [try await BrokerURL(PrivateBroker.shared.url)]))
        try? await admin.perform { channel throws(BrokerError) in try channel.deleteExchange(exchange) }
        return records.entries
    }

    @Test func `a wrong password is logged as a warning with the broker's reply text`() async throws {
        let lines = try await lines({ $0.urls[0].password = "sesame-open" }) { lines, _, _ in !lines.isEmpty }
        #expect(lines.count == 1)
        #expect(lines[0].level == .warning)
        #expect(lines[0].metadata["code"] == "access_refused")
        #expect(lines[0].metadata["error"]?.description.contains("ACCESS_REFUSED") == true)
        #expect(!"\(lines)".contains("sesame"))
    }

    @Test func `an exchange of another type is logged as a warning that names it`() async throws {
        let name = "direct\(UInt64.random(in: 0...UInt64.max)).signals"
        let admin = BrokerAdmin(BrokerSettings(urls: [try await BrokerURL(PrivateBroker.shared.url)]))
        try await admin.perform { channel throws(BrokerError) in
            try channel.declareExchange(name, type: "direct")
        }
        let lines = try await lines({ $0.exchange = name }) { lines, _, _ in !lines.isEmpty }
        #expect(lines[0].level == .warning)
        #expect(lines[0].metadata["code"] == "topology_mismatch")
        #expect(lines[0].metadata["error"]?.description.contains(name) == true)
    }

    @Test func `a lost connection and the next connection are logged as notices`() async throws {
        let lines = try await lines({ _ in }) { lines, publisher, proxy in
            if lines.contains(where: { $0.message == "connection to the broker lost" }) {
                return lines.contains { $0.message == "connected to the broker" }
            }
            // A log-in that takes longer than a poll must not be cut each time.
            if publisher.status == .connected { proxy.cut() }
            return false
        }
        let lost = try #require(lines.first { $0.message == "connection to the broker lost" })
        #expect(lost.level == .notice)
        #expect(lost.metadata["code"] == "connection_lost")
        #expect(lines.contains { $0.message == "connected to the broker" && $0.level == .notice })
    }
}
