// SPDX-License-Identifier: Apache-2.0
import FaultSupport
import Foundation
import Testing
import ToolSupport

/// Tests the checker itself: it must find every kind of planted fault, because a checker that cannot fail proves
/// nothing.
@Suite struct VerdictTests {
    /// Evidence without a breach: twenty signals of three subjects and without a subject, handled by one worker.
    private func sound() -> Evidence {
        var evidence = Evidence()
        for number in 1...20 {
            let subject = number % 4 == 0 ? nil : "person-\(number % 4)"
            evidence.commits.append(.init(id: UUID(), sequence: Int64(number), subject: subject))
        }
        let ids = evidence.commits.map(\.id)
        evidence.promised = Set(ids)
        evidence.rolledBack = [UUID(), UUID()]
        evidence.arrivals = [ids]
        evidence.effects = ids
        evidence.runs = [ids.enumerated().map { .init(id: $1, begin: 2 * $0, end: 2 * $0 + 1) }]
        return evidence
    }

    private func kinds(_ evidence: Evidence) -> Set<Verdict.Breach.Kind> {
        Set(Verdict(evidence).breaches.map(\.kind))
    }

    @Test func `correct evidence has no breaches, and its counts are right`() {
        let verdict = Verdict(sound())
        #expect(verdict.breaches == [])
        #expect(verdict.committed == 20)
        #expect(verdict.confirmed == 20)
        #expect(verdict.handled == 20)
        #expect(verdict.unrouted + verdict.parked + verdict.dead + verdict.seenAgain == 0)
        #expect(verdict.rolledBack == 2)
    }

    @Test func `duplicates that the inbox dropped are counted and are not breaches`() {
        var evidence = sound()
        let id = evidence.commits[3].id
        evidence.arrivals[0].append(id)
        evidence.runs[0].append(.init(id: id, begin: 100, end: 101))
        #expect(kinds(evidence) == [])
        #expect(Verdict(evidence).seenAgain == 2)
    }

    /// A fault to plant, and the only kind of breach that may be found.
    private struct Plant: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var kind: Verdict.Breach.Kind
        var plant: @Sendable (inout Evidence, Int) -> Void
    }

    private static let plants: [Plant] = [
        Plant(testDescription: "a reported commit that is missing in the store", kind: .lost) {
            evidence, index in
            let id = evidence.commits.remove(at: index).id
            evidence.arrivals[0].removeAll { $0 == id }
            evidence.effects.removeAll { $0 == id }
            evidence.runs[0].removeAll { $0.id == id }
        },
        Plant(testDescription: "a row that is never published", kind: .lost) { evidence, index in
            evidence.commits[index].state = .pending
        },
        Plant(testDescription: "a confirmed message that is missing in a queue", kind: .lost) {
            evidence, index in
            evidence.arrivals[0].remove(at: index)
        },
        Plant(testDescription: "a confirmed message that is missing in a second queue", kind: .lost) {
            evidence, index in
            evidence.arrivals.append(evidence.arrivals[0])
            evidence.arrivals[1].remove(at: index)
        },
        Plant(testDescription: "a message without an effect", kind: .lost) { evidence, index in
            evidence.effects.remove(at: index)
        },
        Plant(testDescription: "an uncommitted message in a queue", kind: .ghost) { evidence, index in
            evidence.arrivals[0].insert(UUID(), at: index)
        },
        Plant(testDescription: "an effect of an uncommitted message", kind: .ghost) { evidence, index in
            evidence.effects.insert(UUID(), at: index)
        },
        Plant(testDescription: "a handler run for an uncommitted message", kind: .ghost) { evidence, _ in
            evidence.runs[0].append(.init(id: UUID(), begin: 200, end: 201))
        },
        Plant(testDescription: "an uncommitted dead letter", kind: .ghost) { evidence, _ in
            evidence.dead.insert(UUID())
        },
        Plant(testDescription: "a rolled-back message in a queue", kind: .ghost) { evidence, index in
            evidence.arrivals[0].insert(evidence.rolledBack.first!, at: index)
        },
        Plant(testDescription: "a rolled-back row in the store", kind: .ghost) { evidence, index in
            evidence.rolledBack.insert(evidence.commits[index].id)
        },
        Plant(testDescription: "a duplicate effect", kind: .duplicateEffect) { evidence, index in
            evidence.effects.append(evidence.effects[index])
        },
        Plant(testDescription: "two messages of a queue swapped", kind: .order) { evidence, index in
            evidence.arrivals[0].swapAt(index, (index + 1) % 20)
        },
        Plant(testDescription: "two messages of a nacked row's subject swapped", kind: .order) {
            evidence, _ in
            // Numbers 1, 5 and 9 have the subject person-1.
            evidence.commits[0].wasNacked = true
            evidence.arrivals[0].swapAt(4, 8)
        },
        Plant(testDescription: "a message of another subject arrives late with a nacked row", kind: .order) {
            evidence, _ in
            evidence.commits[0].wasNacked = true
            evidence.arrivals[0].append(evidence.arrivals[0].remove(at: 5))
        },
        Plant(testDescription: "two signals of one subject handled concurrently", kind: .order) {
            evidence, _ in
            // Numbers 1 and 5 have the subject person-1.
            evidence.runs[0][0].end = 9
        },
        Plant(testDescription: "a run without an end, then the next of its subject", kind: .order) {
            evidence, _ in evidence.runs[0][0].end = nil
        },
        Plant(testDescription: "two signals of one subject handled in the wrong order", kind: .order) {
            evidence, _ in
            evidence.runs[0][0].id = evidence.commits[4].id
            evidence.runs[0][4].id = evidence.commits[0].id
        },
        Plant(testDescription: "strict order broken over two workers", kind: .order) { evidence, _ in
            evidence.isStrict = true
            evidence.effects.swapAt(0, 4)
        },
    ]

    @Test(arguments: plants)
    private func `finds the planted fault and no other`(_ plant: Plant) {
        for index in 0..<20 {
            var evidence = sound()
            plant.plant(&evidence, index)
            #expect(kinds(evidence) == [plant.kind], "planted at \(index)")
        }
    }

    @Test func `finds all of several faults`() {
        // These faults do not hide each other.
        let independent = [4, 6, 8, 10, 11, 15, 17].map { Self.plants[$0] }
        for seed in TestSeed.many(200) {
            var random = SeededGenerator(seed: seed)
            var evidence = sound()
            let chosen = independent.filter { _ in Bool.random(using: &random) }
            for plant in chosen { plant.plant(&evidence, Int.random(in: 0..<15, using: &random)) }
            #expect(kinds(evidence) == Set(chosen.map(\.kind)), "seed \(seed)")
        }
    }

    @Test
    func `reports no breach that the contract allows: nacked, republished, retried, unrouted or parked`() {
        var nacked = sound()
        nacked.arrivals[0].swapAt(3, 4)
        nacked.commits[3].wasNacked = true
        #expect(kinds(nacked) == [])

        // Rows 5, 9, 13 and 17 wait behind row 1 of their subject; the others do not.
        var held = sound()
        held.commits[0].wasNacked = true
        let late = stride(from: 0, to: 20, by: 4).map { held.commits[$0].id }
        held.arrivals[0] = held.arrivals[0].filter { !late.contains($0) } + late
        #expect(kinds(held) == [])

        var resent = sound()
        resent.arrivals[0].swapAt(3, 4)
        resent.resent = [resent.commits[3].id]
        #expect(kinds(resent) == [])

        var retried = sound()
        // Number 1 fails and is retried after number 5 of its subject.
        retried.runs[0].append(.init(id: retried.commits[0].id, begin: 60, end: 61, attempt: 2))
        #expect(kinds(retried) == [])

        // A lost worker's deliveries in flight arrive late; concurrent runs of one subject are a breach even then.
        var redelivered = sound()
        redelivered.wasRedelivered = true
        redelivered.runs[0][0].id = redelivered.commits[4].id
        redelivered.runs[0][4].id = redelivered.commits[0].id
        #expect(kinds(redelivered) == [])
        redelivered.runs[0][0].end = 9
        #expect(kinds(redelivered) == [.order])

        var told = sound()
        for (index, state) in [(5, Evidence.Commit.State.unrouted), (6, .parked)] {
            told.commits[index].state = state
            let id = told.commits[index].id
            told.arrivals[0].removeAll { $0 == id }
            told.effects.removeAll { $0 == id }
            told.runs[0].removeAll { $0.id == id }
        }
        #expect(kinds(told) == [])
        #expect(Verdict(told).unrouted == 1)
        #expect(Verdict(told).parked == 1)

        var dead = sound()
        dead.dead = [dead.effects.removeLast()]
        #expect(kinds(dead) == [])

        // Without strictness two workers may overtake each other.
        var loose = sound()
        loose.effects.swapAt(0, 4)
        #expect(kinds(loose) == [])
    }

    @Test func `parses a diary into runs and pairs repeated runs with their own end`() {
        let (a, b) = (UUID(), UUID())
        let runs = Evidence.runs([(true, a, 1), (true, b, 1), (false, a, 1), (true, a, 2), (false, a, 2)])
        #expect(
            runs == [
                .init(id: a, begin: 0, end: 2), .init(id: b, begin: 1),
                .init(id: a, begin: 3, end: 4, attempt: 2),
            ])
    }
}
