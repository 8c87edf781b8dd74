// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import UnixSignals

/// Whether somebody has asked an operator's command to end: Ctrl-C or SIGTERM. What is in hand is finished;
/// the second time the process ends at once.
public final class Interruption: Sendable {
    private let requests = Atomic(0)

    private init() {}

    /// Listens from now on, for the rest of the process's life.
    public static func listening() async -> Interruption {
        let interruption = Interruption()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        Task {
            for await signal in signals where interruption.request() > 1 {
                exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
            }
        }
        return interruption
    }

    /// Whether it was asked to end.
    public var isRequested: Bool { requests.load(ordering: .acquiring) > 0 }

    private func request() -> Int { requests.add(1, ordering: .acquiringAndReleasing).newValue }
}
