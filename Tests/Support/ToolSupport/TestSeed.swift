// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The seed of this run's random tests: `FAULT_SEED`, otherwise another one in every run.
///
/// Every randomised suite takes its seeds from here, so that one variable repeats a whole run. A test that fails
/// names its own seed; `FAULT_SEED` set to that one runs it first.
package enum TestSeed {
    private static let environment = ProcessInfo.processInfo.environment

    package static let value: UInt64 = {
        if let seed = UInt64(environment["FAULT_SEED"] ?? "") { return seed }
        let seed = UInt64.random(in: 1...999_999)
        // A run that crashes has printed it.
        FileHandle.standardError.write(Data("random tests: FAULT_SEED=\(seed) repeats them\n".utf8))
        return seed
    }()

    /// How many times as long the random tests take as usual: `FUZZ_TIMES`, for long runs.
    package static let times = max(1, Int(environment["FUZZ_TIMES"] ?? "") ?? 1)

    /// The seeds of a test that tries several, one after the other: the run's and those after it.
    package static func many(_ count: Int) -> [UInt64] {
        (0..<UInt64(count * times)).map { value &+ $0 }
    }
}
