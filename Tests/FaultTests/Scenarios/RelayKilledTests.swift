// SPDX-License-Identifier: Apache-2.0
import AuthRelay
import AuthTesting
import FaultSupport
import Foundation
import ProgramSupport
import Testing

extension Faults {
    @Suite struct RelayKilledTests {
        @Test func `no signal is lost if the relay is killed at random points`() async throws {
            try await Trial("2", "`auth-signals relay` killed with SIGKILL at random points").run { world in
                try await world.withWorker { _ in
                    try await world.withWriter {
                        for _ in 0..<max(5, TrialSettings.kills) {
                            let relay = try Program(
                                "auth-signals", ["relay"], environment: world.installation.environment)
                            try await world.confirmed(1)
                            try await eventually(
                                within: .seconds(60), "the relay worked for some random time"
                            ) { world.number(in: 0...9) == 0 }
                            try await relay.stop(SIGKILL)
                        }
                    }
                    try await world.withRelay { _ in try await world.drain() }
                }
            }
        }

        @Test func `no signal is lost if relay or writer is killed at any failpoint`() async throws {
            try await Trial("2 b", "relay and writer killed at each failpoint, before and after").run {
                world in
                try await world.withWorker { _ in
                    for point in ["beforeCommit", "afterCommit"] {
                        try await world.diesAt(point, world.actor("write", ["CRASH": "\(point):7"]))
                    }
                    for point in RelayFailpoints.Point.allCases {
                        try await world.write(40)
                        try await world.diesAt(
                            point.rawValue, world.actor("relay", ["CRASH": "\(point.rawValue):1"]))
                    }
                    try await world.withRelay { _ in try await world.drain() }
                }
            }
        }
    }
}

extension TrialWorld {
    /// Waits until a process has killed itself with SIGKILL.
    fileprivate func diesAt(_ point: String, _ program: Program) async throws {
        let code = try await program.exitCode(within: .seconds(60))
        #expect(code == SIGKILL, "\(point): \(program.log.suffix(500))")
    }
}
