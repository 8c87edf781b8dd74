// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The seed of this run's random tests: `FAULT_SEED`, or a random one in every run.
///
/// Every randomized suite takes its seeds from here, so that one variable repeats a whole run. A failing test names
/// its own seed; if `FAULT_SEED` is set to it, that seed runs first.
package enum TestSeed {
    private static let environment = ProcessInfo.processInfo.environment

    package static let value: UInt64 = {
        if let seed = UInt64(environment["FAULT_SEED"] ?? "") { return seed }
        let seed = UInt64.random(in: 1...999_999)
        // Printed first, so that the seed is known even if the run crashes.
        FileHandle.standardError.write(Data("random tests: FAULT_SEED=\(seed) repeats them\n".utf8))
        return seed
    }()

    /// `FUZZ_TIMES`: a factor for the number of random rounds, for long runs.
    package static let times = max(1, Int(environment["FUZZ_TIMES"] ?? "") ?? 1)

    /// The seeds of a test that runs with several: the run's seed and the following numbers.
    package static func many(_ count: Int) -> [UInt64] {
        (0..<UInt64(count * times)).map { value &+ $0 }
    }
}
