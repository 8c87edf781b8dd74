// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@testable import AuthBroker

@Suite struct DeliveryBudgetTests {
    private static let mebibyte = 1 << 20

    @Test func `a delivery is held if it fits beside the unsettled ones`() {
        var budget = DeliveryBudget(limit: 100)
        let first = [budget.admit(1, bytes: 60), budget.admit(2, bytes: 41), budget.admit(3, bytes: 40)]
        #expect(first == [true, false, true])
        #expect((budget.held, budget.count) == (100, 2))
        budget.release(1)
        #expect((budget.held, budget.count) == (40, 1))
        let second = [budget.admit(4, bytes: 61), budget.admit(5, bytes: 60), budget.admit(6, bytes: 0)]
        #expect(second == [false, true, true])
        #expect(budget.highest == 100)
    }

    @Test func `settling twice, or a delivery that was dropped, changes nothing`() {
        var budget = DeliveryBudget(limit: 100)
        let isHeld = [budget.admit(1, bytes: 60), budget.admit(2, bytes: 60)]
        #expect(isHeld == [true, false])
        budget.release(2)
        #expect(budget.held == 60)
        budget.release(1)
        budget.release(1)
        #expect(budget.held == 0)
    }

    @Test func `a body of the whole limit fits alone`() {
        var budget = DeliveryBudget(limit: 100)
        let isHeld = [budget.admit(1, bytes: 100), budget.admit(2, bytes: 1), budget.admit(3, bytes: 0)]
        #expect(isHeld == [true, false, true])
    }

    @Test func `a consumer that follows an overflow has room for a prefetch of the largest bodies`() {
        var budget = DeliveryBudget(limit: 1000)
        let isFirstHeld = (1...10).map { budget.admit(UInt64($0), bytes: $0 < 10 ? 100 : 240) }
        #expect(isFirstHeld == Array(repeating: true, count: 9) + [false])
        budget.skip(bytes: 200)
        #expect(budget.fitting == 2)
        #expect(!budget.hasRoom(for: 2))
        for tag: UInt64 in 1...3 { budget.release(tag) }
        #expect(!budget.hasRoom(for: 2))
        budget.release(4)
        #expect(budget.hasRoom(for: 2))
        budget.begin()
        let isHeld = [budget.admit(11, bytes: 240), budget.admit(12, bytes: 240)]
        #expect(isHeld == [true, true])
    }

    @Test func `a body of more than half the limit is taken when nothing else is held`() {
        var budget = DeliveryBudget(limit: 100)
        let isHeld = [budget.admit(1, bytes: 20), budget.admit(2, bytes: 90)]
        #expect(isHeld == [true, false])
        #expect(budget.fitting == 1)
        #expect(!budget.hasRoom(for: 1))
        budget.release(1)
        #expect(budget.hasRoom(for: 1))
        budget.begin()
        let isNextHeld = budget.admit(3, bytes: 90)
        #expect(isNextHeld)
    }

    @Test func `a prefetch may grow if at most a third of the limit was held since the last measurement`() {
        var budget = DeliveryBudget(limit: 90)
        #expect(budget.allowsMore)
        _ = budget.admit(1, bytes: 30)
        #expect(budget.allowsMore)
        _ = budget.admit(2, bytes: 1)
        budget.release(1)
        #expect(!budget.allowsMore)
        budget.measure()
        #expect(budget.allowsMore)
        _ = budget.admit(3, bytes: 40)
        budget.begin()
        #expect(!budget.allowsMore)
    }

    @Test func `a single active consumer has room for all bodies that handlers can receive`() {
        let limit = 64 * Self.mebibyte
        var budget = DeliveryBudget(limit: limit, singleActivePrefetch: 32)
        let isHeld = (1...3).map { budget.admit(UInt64($0), bytes: 16 * Self.mebibyte) }
        #expect(isHeld == [true, true, false])
        let isSmallHeld = (4...33).map { budget.admit(UInt64($0), bytes: Delivery.largestBody) }
        #expect(isSmallHeld.allSatisfy { $0 })
        let isLargerHeld = budget.admit(34, bytes: Delivery.largestBody + 1)
        #expect(!isLargerHeld)
        #expect(budget.held <= limit)
    }

    @Test(arguments: [(64, 16, 48), (17, 16, 1), (18, 16, 2), (16, 16, 1), (1, 1, 1), (1, 16, 1), (8, 3, 5)])
    func `the prefetch of a single active consumer follows the limit`(
        _ limit: Int, _ largestBody: Int, _ prefetch: Int
    ) {
        let found = DeliveryBudget.strictPrefetch(
            limit: limit * Self.mebibyte, largestBody: largestBody * Self.mebibyte)
        #expect(found == prefetch)
        // The largest body fits if nothing else is held.
        var budget = DeliveryBudget(limit: limit * Self.mebibyte, singleActivePrefetch: prefetch)
        let isHeld = budget.admit(1, bytes: min(limit, largestBody) * Self.mebibyte)
        #expect(isHeld)
    }
}
