// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing
import ToolSupport

@testable import AuthRelay

/// The relay against chance: a broker that acknowledges, nacks, returns, refuses, closes, loses
/// acknowledgements, answers batches out of order, closes the channel over some rows, and for a while over all; a store
/// that fails; a process that dies.
@Suite struct RelayModelTests {
    @Test(arguments: 0..<20)
    func `nothing is lost, invented or overtaken, whatever happens`(_ group: UInt64) async {
        for seed in TestSeed.many(100) where seed % 20 == group {
            var world = RelayWorld(seed: seed)
            for step in 0..<800 where world.breaches.isEmpty {
                world.step(faulty: true)
                // The other tests share the threads.
                if step.isMultiple(of: 50) { await Task.yield() }
            }
            // Then nothing fails any more, and everything must come to its end.
            var steps = 0
            while !world.isEmpty, steps < 60_000, world.breaches.isEmpty {
                world.step(faulty: false)
                steps += 1
                if steps.isMultiple(of: 50) { await Task.yield() }
            }
            let isEmpty = world.isEmpty
            #expect(world.breaches == [], "seed \(seed)")
            #expect(isEmpty, "seed \(seed): something was never settled")
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

    /// First occurrences of a subject come in commit order, but for one of which the broker did not store a row while
    /// others were on their way.
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

    @Test func `the chance is worth its name: there are crashes, repetitions and nacks`() async {
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
