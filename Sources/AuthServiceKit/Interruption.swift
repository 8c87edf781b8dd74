// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import UnixSignals

/// Whether an operator's command was interrupted by SIGINT (Ctrl-C) or SIGTERM. The command finishes what is in flight;
/// a second signal ends the process immediately.
package final class Interruption: Sendable {
    private let requests = Atomic(0)

    private init() {}

    /// Handles the signals from now on, until the process ends.
    package static func listening() async -> Interruption {
        let interruption = Interruption()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        Task {
            for await signal in signals where interruption.request() > 1 {
                endProcessAtOnce(128 + (signal == .sigint ? SIGINT : SIGTERM))
            }
        }
        return interruption
    }

    /// Whether a signal has arrived.
    package var isRequested: Bool { requests.load(ordering: .acquiring) > 0 }

    private func request() -> Int { requests.add(1, ordering: .acquiringAndReleasing).newValue }
}
