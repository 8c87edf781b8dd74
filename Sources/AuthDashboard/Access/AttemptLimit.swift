// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Limits wrong tokens in this process: a few a minute for each client's address, and more for all of them together.
final class AttemptLimit: Sendable {
    private static let mostOfAddress = 5
    private static let mostOfAll = 100
    private static let period = Duration.seconds(60)

    private struct Counts {
        var start: ContinuousClock.Instant
        var failures: [String: Int] = [:]
        var total = 0
    }

    private let counts = Mutex(Counts(start: .now))

    /// Whether the client may try a token now.
    func permits(_ address: String) -> Bool {
        counts.withLock { counts in
            let now = ContinuousClock.now
            // Starting anew also bounds the number of addresses.
            if now - counts.start >= Self.period { counts = Counts(start: now) }
            return counts.total < Self.mostOfAll && counts.failures[address, default: 0] < Self.mostOfAddress
        }
    }

    /// Counts a wrong token.
    func recordFailure(of address: String) {
        counts.withLock { counts in
            counts.failures[address, default: 0] += 1
            counts.total += 1
        }
    }
}
