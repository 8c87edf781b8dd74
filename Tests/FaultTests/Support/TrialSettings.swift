// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// How the trials of this run go: from the environment, so that a run can be repeated and made longer.
enum TrialSettings {
    private static let environment = ProcessInfo.processInfo.environment

    /// `FAULT_SEED`, otherwise another one in every run.
    static let seed = TestSeed.value

    /// `FAULT_SECONDS`: how long a trial's writer writes.
    static let seconds = Double(environment["FAULT_SECONDS"] ?? "") ?? 2

    /// `FAULT_KILLS`: how often a trial kills what it kills.
    static let kills = Int(environment["FAULT_KILLS"] ?? "") ?? 3

    /// Whether the results are written into docs/reliability.md: `AUTH_SIGNALS_WRITE_RELIABILITY=1`.
    static let writesResults = environment["AUTH_SIGNALS_WRITE_RELIABILITY"] == "1"

    /// A file that gets a line for each trial: `FAULT_RESULTS`.
    static let resultsFile = environment["FAULT_RESULTS"]
}
