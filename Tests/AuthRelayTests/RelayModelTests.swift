// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing
import ToolSupport

@testable import AuthRelay

/// The relay under random faults: a broker that confirms, nacks, returns, refuses, closes, loses confirms, answers
/// batches out of order, and closes the channel because of some rows, for a while because of all; a store that fails;
/// a process that crashes.
@Suite struct RelayModelTests {
    @Test(arguments: 0..<20)
    func `no row is lost, invented or reordered under random faults`(_ group: UInt64) async {
        for seed in TestSeed.many(100) where seed % 20 == group {
            var world = RelayWorld(seed: seed)
            for step in 0..<800 where world.breaches.isEmpty {
                world.step(faulty: true)
                // Other tests need the threads, too.
                if step.isMultiple(of: 50) { await Task.yield() }
            }
            // From here on nothing fails, and every row must be settled.
            var steps = 0
            while !world.isEmpty, steps < 60_000, world.breaches.isEmpty {
                world.step(faulty: false)
                steps += 1
                if steps.isMultiple(of: 50) { await Task.yield() }
            }
            let isEmpty = world.isEmpty
            #expect(world.breaches == [], "seed \(seed)")
            #expect(isEmpty, "seed \(seed): a row was never settled")
            #expect(Set(world.delivered).isSubset(of: world.committed), "seed \(seed)")
            for (sequence, result) in world.finals where result == .confirmed {
                #expect(world.delivered.contains(sequence), "seed \(seed): \(sequence)")
            }
            #expect(Set(world.finals.keys) == world.committed, "seed \(seed)")
            for sequence in world.poison {
                guard case .parked = world.finals[sequence] else {
                    Issue.record("seed \(seed): \(sequence) was not parked")
                    continue
                }
            }
            expectOrder(in: world, seed)
        }
    }

    /// The first deliveries of a subject's rows must be in commit order, except for subjects of which the broker did
    /// not store a row while others were in flight.
    private func expectOrder(in world: RelayWorld, _ seed: UInt64) {
        var seen: Set<Int64> = []
        var latest: [String: Int64] = [:]
        for sequence in world.delivered where seen.insert(sequence).inserted {
            guard let subject = world.subject(of: sequence), !world.disturbed.contains(subject) else {
                continue
            }
            #expect(latest[subject, default: 0] < sequence, "seed \(seed): \(subject)")
            latest[subject] = sequence
        }
    }

    @Test func `the random faults include crashes, duplicates and nacks`() async {
        var crashes = 0
        var repetitions = 0
        var disturbed = 0
        var committed = 0
        var closings = 0
        for seed in TestSeed.many(100).prefix(20) {
            var world = RelayWorld(seed: seed)
            for step in 0..<800 {
                world.step(faulty: true)
                if step.isMultiple(of: 50) { await Task.yield() }
            }
            crashes += world.crashes
            committed += world.committed.count
            repetitions += world.delivered.count - Set(world.delivered).count
            disturbed += world.disturbed.count
            closings += world.closings
        }
        #expect(crashes > 30)
        #expect(repetitions > 30)
        #expect(disturbed > 10)
        #expect(closings > 15)
        #expect(committed > 1500)
    }
}
