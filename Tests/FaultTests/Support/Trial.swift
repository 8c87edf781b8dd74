// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import InMemoryLogging
import Logging
import Testing

/// The faults of one machine, one after the other, each with the checker's verdict.
@Suite("Faults", .serialized, .enabled(if: PrivateBroker.isAvailable, "\(PrivateBroker.absence)"))
enum Faults {}

/// One row of the table of docs/reliability.md: a fault that is staged, and what the checker finds after it.
struct Trial: Sendable {
    /// Its place in the table.
    var number: String
    /// What is done, in a phrase.
    var fault: String

    init(_ number: String, _ fault: String) {
        self.number = number
        self.fault = fault
    }

    /// Stages it: a world of its own, the body, and the verdict, which must be sound.
    ///
    /// - Parameters:
    ///   - broker: nil: the one that the trials share.
    ///   - seed: Nil: the run's.
    ///   - body: leaves nothing running.
    @discardableResult
    func run(
        on broker: PrivateBroker? = nil, singleActive: Bool = false, store: String? = nil,
        seed: UInt64? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (TrialWorld) async throws -> Void
    ) async throws -> Verdict {
        let shared = try await FaultBroker.shared
        // Trials of one run differ, and a trial of its own comes out as in the whole suite.
        let seed = seed ?? TrialSettings.seed
        say("seed \(seed): \(fault)")
        let world = try await TrialWorld(
            broker ?? shared.node, seed: number.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) },
            singleActive: singleActive, store: store)
        let start = ContinuousClock.now
        do {
            try await EventualWatch.$check.withValue({ try world.checkActorsAreAlive() }) {
                try await body(world)
            }
            try world.checkActorsAreAlive()
        } catch {
            say("FAILED: \(error)")
            tellTail(of: world)
            throw error
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let verdict = Verdict(try await world.evidence())
        let result = TrialResult(self, verdict, seconds: seconds, brokerVersion: shared.version)
        say(result.sentence)
        #expect(verdict.committed > 0, sourceLocation: sourceLocation)
        #expect(
            verdict.breaches.prefix(10).map(\.description) == [], "seed \(seed)",
            sourceLocation: sourceLocation)
        if !verdict.breaches.isEmpty { tellTail(of: world) }
        try result.write()
        try await world.remove()
        return verdict
    }

    /// Unbuffered: a run that hangs has said where.
    private func say(_ text: String) {
        FileHandle.standardError.write(Data("fault \(number): \(text)\n".utf8))
    }

    /// What the parts of this process have logged last.
    private func tellTail(of world: TrialWorld) {
        for entry in world.records.entries.filter({ $0.level >= .info }).suffix(40) {
            say("| \(entry.level) \(entry.message) \(entry.metadata)")
        }
    }
}
