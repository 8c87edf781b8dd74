// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import InMemoryLogging
import Logging
import Testing

/// All fault trials of one machine, run in sequence, each with the checker's verdict.
@Suite(
    "Faults", .serialized, .timeLimit(.minutes(12)),
    .enabled(if: PrivateBroker.isAvailable, "\(PrivateBroker.absence)"))
enum Faults {}

/// One row of the table in docs/reliability.md: an injected fault and the checker's result.
struct Trial: Sendable {
    /// Its number in the table.
    var number: String
    /// A short description of the fault.
    var fault: String

    init(_ number: String, _ fault: String) {
        self.number = number
        self.fault = fault
    }

    /// Runs the body in a new ``TrialWorld`` and expects a verdict without breaches.
    ///
    /// - Parameters:
    ///   - broker: the node; `nil`: the one that the trials share.
    ///   - store: the folder of the SQLite store; nil: a folder of the trial's own.
    ///   - database: the URL of a PostgreSQL store, to use instead of SQLite.
    ///   - seed: the trial's seed; `nil`: the run's seed.
    ///   - body: injects the fault, and must stop everything that it starts.
    @discardableResult
    func run(
        on broker: PrivateBroker? = nil, singleActive: Bool = false, store: String? = nil,
        database: String? = nil, seed: UInt64? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (TrialWorld) async throws -> Void
    ) async throws -> Verdict {
        let shared = try await FaultBroker.shared
        // The seed includes the trial's number: trials of one run differ, and a single trial repeats as in the suite.
        let seed = seed ?? TrialSettings.seed
        say("seed \(seed): \(fault)")
        let world = try await TrialWorld(
            broker ?? shared.node, seed: number.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) },
            singleActive: singleActive, store: store, database: database)
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
        await world.close()
        return verdict
    }

    /// Prints to standard error, unbuffered, so that the output of a run that hangs is complete.
    private func say(_ text: String) {
        FileHandle.standardError.write(Data("fault \(number): \(text)\n".utf8))
    }

    /// Prints the last log entries of this process.
    private func tellTail(of world: TrialWorld) {
        for entry in world.records.entries.filter({ $0.level >= .info }).suffix(40) {
            say("| \(entry.level) \(entry.message) \(entry.metadata)")
        }
    }
}
