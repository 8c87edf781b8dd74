// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation
import Testing

/// Where tasks wait for each other, so that what they do next overlaps.
private struct StartLine: Sendable {
    private let missing: Locked<Int>

    init(_ tasks: Int) { missing = Locked(tasks) }

    /// Returns when all tasks have called it.
    func wait() async {
        missing.change { $0 -= 1 }
        while missing.value > 0 { await Task.yield() }
    }
}

/// What operators, relays and flows of several processes do at the same time.
extension OperatedStoreConformance {
    static let racing: [Sentence] = [
        Sentence("A row that is settled while an operator publishes it again is kept once") { database in
            let stores = [try await database.store(), try await database.store()]
            for sequence in Int64(1)...40 {
                try await stores[0].emit(Int(sequence))
                try await stores[0].pending()
                try await stores[0].settle(.unrouted, sequence)
                let line = StartLine(2)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        await line.wait()
                        let count = try await stores[0].republish(OutboxFilter([.unrouted]))
                        #expect(count == 1)
                    }
                    group.addTask {
                        await line.wait()
                        try await stores[1].settle(.confirmed, sequence)
                    }
                    try await group.waitForAll()
                }
                // Pending if it was settled first, which is then ignored; otherwise confirmed.
                #expect(try await stores[0].records(everything).map(\.row.sequence) == Array(1...sequence))
                #expect(try await stores[0].status().unrouted == 0)
            }
            #expect(try await stores[0].verifyOutbox().faults == [])
        },
        Sentence("Of operators who purge the same rows each row is counted once") { database in
            let stores = [try await database.store(), try await database.store()]
            try await stores[0].emit(0..<500)
            try await stores[0].pending()
            try await stores[0].settle(.confirmed, 1...500, at: FixedClock.start)
            let line = StartLine(4)
            let purged = try await withThrowingTaskGroup(of: Int.self) { group in
                for store in stores + stores {
                    group.addTask {
                        await line.wait()
                        return try await store.purge(
                            OutboxFilter([.confirmed]), settledBefore: .distantFuture)
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(purged == 500)
            #expect(try await stores[0].records(OutboxFilter([.confirmed])).isEmpty)
            #expect(try await stores[0].status().confirmed == 500)
            let verification = try await stores[0].verifyOutbox()
            #expect(verification.purged == 500)
            #expect(verification.faults == [])
        },
        Sentence("The outbox is whole at any moment while other processes write") { database in
            let stores = [try await database.store(), try await database.store()]
            try await stores[0].emit(0..<200)
            try await stores[0].pending()
            let isWritten = Locked(false)
            defer { isWritten.change { $0 = true } }
            let verifying = Task {
                var faults: [String] = []
                repeat { faults += try await stores[0].verifyOutbox().faults } while !isWritten.value
                return faults
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 200..<240 {
                        try await stores[1].emit(number)
                        try await stores[1].pending()
                    }
                }
                group.addTask {
                    for first in stride(from: Int64(1), to: 200, by: 10) {
                        let rows = first...(first + 9)
                        try await stores[0].settle(.unrouted, rows, at: FixedClock.start)
                        _ = try await stores[1].republish(OutboxFilter([.unrouted]))
                        try await stores[0].settle(.confirmed, rows, at: FixedClock.start)
                        _ = try await stores[1].purge(
                            OutboxFilter([.confirmed]), settledBefore: .distantFuture)
                    }
                }
                try await group.waitForAll()
            }
            isWritten.change { $0 = true }
            let faults = try await verifying.value
            #expect(faults == [])
            let verification = try await stores[0].verifyOutbox()
            #expect(verification.status.emitted == 240)
            #expect(verification.purged == 200)
            #expect(verification.faults == [])
        },
    ]
}
