// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
import Synchronization

/// The time between the signal that stops a server and the end of its listener: the server still serves, but `/readyz`
/// answers 503, so that a proxy sends new requests to other servers (`HTTP_DRAIN`).
///
/// A service group shuts its services down in reverse order: this one must come after the listener.
package final class DrainPeriod: Service {
    private let duration: Duration
    private let draining = Atomic(false)

    /// - Parameter duration: part of the 30 seconds within which the process must end.
    package init(_ duration: Duration) { self.duration = duration }

    /// Whether the graceful shutdown of the process has begun.
    package var isDraining: Bool { draining.load(ordering: .relaxed) }

    package func run() async throws {
        do { try await gracefulShutdown() } catch { return }
        draining.store(true, ordering: .relaxed)
        // Cancelled if the shutdown takes too long.
        try? await Task.sleep(for: duration)
    }
}
