// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import CRabbitMQ
import Logging
import Testing

@testable import AuthBroker

/// If the process runs out of memory or file descriptors, connecting throws an error instead of crashing.
@Suite struct ExhaustionTests {
    @Test func `the error for a failed handle allocation says what to do`() {
        let error = #expect(throws: BrokerError.self) { try ConnectionHandle(nil) }
        #expect(error?.code == .exhausted)
        #expect(error?.message.contains("ulimit") == true)
    }

    @Test func `starting the thread fails with an error, and a retry succeeds`()
        async throws
    {
        let tries = Locked(0)
        let thread = ConnectionThread(
            name: "test", settings: BrokerSettings(urls: [BrokerURL(host: "127.0.0.1", port: 1)]),
            logger: Logger(label: "test")
        ) { () throws(BrokerError) in
            if tries.change({
                $0 += 1; return $0
            }) == 1 {
                return try ConnectionHandle(nil)
            }
            return try ConnectionHandle()
        }
        let driver: @Sendable () -> any ConnectionDriver = { Idle() }
        let error = #expect(throws: BrokerError.self) { try thread.start(driver) }
        #expect(error?.code == .exhausted)
        #expect(thread.status == .stopped)
        thread.wake()
        try thread.start(driver)
        #expect(thread.status != .stopped)
        await thread.stop()
        #expect(thread.status == .stopped)
        #expect(tries.value == 2)
    }

    private final class Idle: ConnectionDriver {
        func prepare(_ attempt: ConnectionAttempt) throws(BrokerError) { _ = try attempt.open() }
        func connected() {}
        func receive(_ event: CRMQEvent) {}
        func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> NextStep { .finished }
        func disconnected(_ error: BrokerError) {}
        func stopped() {}
    }
}
