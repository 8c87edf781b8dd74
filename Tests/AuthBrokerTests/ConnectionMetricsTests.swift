// SPDX-License-Identifier: Apache-2.0
import Metrics
import MetricsTestKit
import Testing

@testable import AuthBroker

@Suite struct ConnectionMetricsTests {
    private let kit = TestMetrics()
    private let dimensions = [("connection", "relay")]

    private func blockedSeconds() throws -> Int64 {
        try kit.expectCounter("auth_signals_broker_blocked_seconds", dimensions).totalValue
    }

    @Test func `counts the seconds of a block while it lasts, each second once`() throws {
        let metrics = ConnectionMetrics("relay", factory: kit)
        let start = ContinuousClock.now
        metrics.tick(at: start)
        metrics.set(isBlocked: true, at: start)
        #expect(try kit.expectGauge("auth_signals_broker_blocked", dimensions).lastValue == 1)
        metrics.tick(at: start + .seconds(5))
        #expect(try blockedSeconds() == 5)
        metrics.tick(at: start + .seconds(10))
        metrics.set(isBlocked: true, at: start + .seconds(12))
        #expect(try blockedSeconds() == 12)
        metrics.set(isBlocked: false, at: start + .seconds(20))
        metrics.tick(at: start + .seconds(60))
        #expect(try blockedSeconds() == 20)
        #expect(try kit.expectGauge("auth_signals_broker_blocked", dimensions).lastValue == 0)
    }

    @Test func `a second block is added to the first`() throws {
        let metrics = ConnectionMetrics("relay", factory: kit)
        let start = ContinuousClock.now
        for offset in [0, 100] {
            metrics.set(isBlocked: true, at: start + .seconds(offset))
            metrics.set(isBlocked: false, at: start + .seconds(offset + 7))
        }
        #expect(try blockedSeconds() == 14)
    }
}
