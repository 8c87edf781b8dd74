// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Collects a source's deliveries, so that a test can inspect them and wait for them.
final class DeliveryCollector: Sendable {
    private struct State {
        var deliveries: [Delivery] = []
        var hasEnded = false
    }
    private let state = Locked(State())
    private let task: Task<Void, Never>

    init(_ source: any SignalSource) {
        task = Task { [state] in
            while let deliveries = await source.nextDeliveries() {
                state.change { $0.deliveries += deliveries }
            }
            state.change { $0.hasEnded = true }
        }
    }

    deinit { task.cancel() }

    var all: [Delivery] { state.value.deliveries }

    /// Waits until that many deliveries were received in total, and returns them.
    func wait(for count: Int) async throws -> [Delivery] {
        try await eventually(within: .seconds(20), "\(count) deliveries were received") { all.count >= count }
        return all
    }

    func waitForEnd() async throws {
        try await eventually(within: .seconds(20), "the deliveries ended") { state.value.hasEnded }
    }
}
