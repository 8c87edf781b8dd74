// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Testing

@Suite struct BackoffTests {
    @Test func `delays double up to the limit`() {
        let backoff = Backoff(first: .milliseconds(100), limit: .milliseconds(700), jitter: 50)
        let delays = (1...5).map { backoff.delay(afterFailures: $0, share: Backoff.shares) }
        #expect(delays == [100, 200, 400, 700, 700].map { .milliseconds($0) })
        #expect(backoff.delay(afterFailures: .max, share: Backoff.shares) == .milliseconds(700))
    }

    @Test func `a number below 1 counts as the first failure`() {
        let backoff = Backoff(first: .milliseconds(100), limit: .seconds(1), jitter: 0)
        #expect([Int.min, -1, 0].allSatisfy { backoff.delay(afterFailures: $0) == .milliseconds(100) })
    }

    @Test func `the first delay is limited, too`() {
        let backoff = Backoff(first: .seconds(3), limit: .seconds(2), jitter: 0)
        #expect(backoff.delay(afterFailures: 1) == .seconds(2))
    }

    @Test func `random jitter shortens a delay by at most its percentage`() {
        let backoff = Backoff(first: .milliseconds(100), limit: .seconds(1), jitter: 50)
        for _ in 0..<1000 {
            let delay = backoff.delay(afterFailures: 1)
            #expect(delay >= .milliseconds(50) && delay <= .milliseconds(100))
        }
        #expect(backoff.delay(afterFailures: 1, share: 0) == .milliseconds(50))
    }

    @Test(arguments: [(-1, 100), (0, 100), (100, 0), (101, 0)])
    func `jitter outside 0 to 100 percent counts as the nearest`(percent: Int, least: Int) {
        let backoff = Backoff(first: .milliseconds(100), limit: .seconds(1), jitter: percent)
        #expect(backoff.delay(afterFailures: 1, share: 0) == .milliseconds(least))
        #expect(backoff.delay(afterFailures: 1, share: Backoff.shares) == .milliseconds(100))
    }

    @Test func `jitter by sequence shortens a delay by at most its percentage`() {
        let backoff = Backoff(first: .seconds(1), limit: .seconds(300), jitter: 20)
        for sequence in Int64(1)...200 {
            for (failures, whole) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (1000, 300)] {
                let delay = backoff.delay(afterFailures: failures, sequence: sequence)
                #expect(delay >= .milliseconds(whole * 800))
                #expect(delay <= .seconds(whole))
                #expect(delay == backoff.delay(afterFailures: failures, sequence: sequence))
            }
        }
    }

    @Test func `jitter by sequence spreads the delays of rows that failed together`() {
        let backoff = Backoff(first: .seconds(1), limit: .seconds(300), jitter: 20)
        let delays = Set((Int64(1)...100).map { backoff.delay(afterFailures: 8, sequence: $0) })
        #expect(delays.count > 50)
    }
}
