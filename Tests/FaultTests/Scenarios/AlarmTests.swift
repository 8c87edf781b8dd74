// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import Testing

extension Faults {
    @Suite struct AlarmTests {
        struct Alarm: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var number: String
            var raise: [String]
            var clear: [String]
        }

        static let alarms = [
            Alarm(
                testDescription: "memory", number: "5", raise: ["set_vm_memory_high_watermark", "0.000001"],
                clear: ["set_vm_memory_high_watermark", "0.4"]),
            Alarm(
                testDescription: "disk", number: "5 b", raise: ["set_disk_free_limit", "900000GB"],
                clear: ["set_disk_free_limit", "50MB"]),
        ]

        @Test(arguments: alarms)
        func `an alarm blocks the relay without reconnects or a busy loop, until it ends`(
            _ alarm: Alarm
        ) async throws {
            try await Trial(alarm.number, "\(alarm.testDescription) alarm while publishing").run { world in
                var settings = try world.settings
                settings.confirmTimeout = .seconds(5)
                try await world.withWorker { _ in
                    try await world.withRelay(settings) { relay in
                        try await world.write(100)
                        try await world.drain()
                        let connections = world.told("connected to the broker")
                        try await world.broker.ctl(alarm.raise[0], alarm.raise[1])
                        try await world.write(100)
                        try await eventually(within: .seconds(60), "the relay was blocked") {
                            if case .blocked = relay.publisher.status { true } else { false }
                        }
                        // Longer than the confirm timeout, which does not run under an alarm.
                        let (since, used) = (ContinuousClock.now, CPUTime.used)
                        try await eventually(within: .seconds(600), "the alarm lasted a while") {
                            ContinuousClock.now - since > .seconds(max(8, TrialSettings.seconds))
                        }
                        let share = (CPUTime.used - used) / ((ContinuousClock.now - since) / .seconds(1))
                        #expect(share < 0.5, "the process ran a busy loop during the alarm: \(share)")
                        // A commit does not wait for the broker.
                        try await world.write(50)
                        try await world.broker.ctl(alarm.clear[0], alarm.clear[1])
                        try await world.drain()
                        #expect(relay.publisher.status == .connected)
                        #expect(world.told("connected to the broker") == connections)
                    }
                }
            }
        }
    }
}

/// The processor time of this process, in seconds.
enum CPUTime {
    static var used: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
        }
    }
}
