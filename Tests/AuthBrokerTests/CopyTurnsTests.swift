// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Testing

@testable import AuthBroker

@Suite struct CopyTurnsTests {
    private let turns = CopyTurns()

    @Test func `copies are republished concurrently, and one at a time after the broker closed the channel`()
        async throws
    {
        #expect(try await !turns.begin())
        #expect(try await !turns.begin())
        turns.goOneByOne()
        let order = Locked<[Int]>([])
        try await withThrowingTaskGroup { group in
            for number in 0..<5 {
                group.addTask { [turns] in
                    let isAlone = try await turns.begin()
                    #expect(isAlone)
                    let running = order.change { order in
                        order.append(number)
                        return order.count
                    }
                    await Task.yield()
                    #expect(order.value.count == running)
                    turns.end(isTaken: true)
                }
            }
            // The two that are in flight end first.
            for _ in 0..<50 { await Task.yield() }
            #expect(order.value.isEmpty)
            turns.end(isTaken: false)
            turns.end(isTaken: false)
            try await group.waitForAll()
        }
        #expect(order.value.count == 5)
    }

    @Test func `republishing is concurrent again after enough successes or once the bad copy is identified`()
        async throws
    {
        turns.goOneByOne()
        for _ in 0..<32 {
            #expect(try await turns.begin())
            turns.end(isTaken: true)
        }
        #expect(try await !turns.begin())
        turns.goOneByOne()
        turns.goSideBySide()
        #expect(try await !turns.begin())
    }

    @Test func `a waiting republish can be cancelled without blocking the others`() async throws {
        turns.goOneByOne()
        #expect(try await turns.begin())
        let waiting = Task { [turns] in try await turns.begin() }
        for _ in 0..<20 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        turns.end(isTaken: false)
        #expect(try await turns.begin())
    }
}
