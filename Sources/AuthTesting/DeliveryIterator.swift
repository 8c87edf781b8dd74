// SPDX-License-Identifier: Apache-2.0
package import AuthSignals

/// Reads the deliveries of a source one at a time.
package struct DeliveryIterator {
    private let source: any SignalSource
    /// The deliveries of the last call of the source that were not returned yet.
    private var rest: ArraySlice<Delivery> = []

    package init(_ source: any SignalSource) { self.source = source }

    /// The next delivery; nil when the source ends.
    package mutating func next() async -> Delivery? {
        if rest.isEmpty { rest = ArraySlice(await source.nextDeliveries() ?? []) }
        return rest.popFirst()
    }
}
