// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// The settings of this run's trials, from the environment, so that a run can be repeated or made longer.
enum TrialSettings {
    private static let environment = ProcessInfo.processInfo.environment

    /// `FAULT_SEED`; by default a random one in every run.
    static let seed = TestSeed.value

    /// `FAULT_SECONDS`: the duration of a trial's writer, in seconds.
    static let seconds = Double(environment["FAULT_SECONDS"] ?? "") ?? 2

    /// `FAULT_KILLS`: how often a trial kills its process.
    static let kills = Int(environment["FAULT_KILLS"] ?? "") ?? 3

    /// Whether the results are written into docs/reliability.md: `AUTH_SIGNALS_WRITE_RELIABILITY=1`.
    static let writesResults = environment["AUTH_SIGNALS_WRITE_RELIABILITY"] == "1"

    /// `FAULT_RESULTS`: a file to which each trial appends a line.
    static let resultsFile = environment["FAULT_RESULTS"]
}
