// SPDX-License-Identifier: Apache-2.0

/// Decides which traces are recorded: `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
package struct Sampler: Hashable, Sendable {
    /// How a trace is decided that starts here, or every span if the caller's decision is not followed.
    package enum Rule: Hashable, Sendable {
        case alwaysOn
        case alwaysOff
        /// The share of traces, from 0 to 1.
        case ratio(Double)
    }

    package var rule: Rule
    /// Whether a span with a parent is recorded if, and only if, its parent is.
    package var followsParent: Bool

    package init(_ rule: Rule, followsParent: Bool = true) {
        self.rule = rule
        self.followsParent = followsParent
    }

    /// Whether a span is recorded.
    ///
    /// - Parameter traceLow: the lower half of the trace's id, which is random.
    package func records(traceLow: UInt64, parent: TraceContext?) -> Bool {
        if followsParent, let parent { return parent.isSampled }
        switch rule {
        case .alwaysOn: return true
        case .alwaysOff: return false
        case .ratio(let share):
            // 63 bits of the id, as OpenTelemetry's SDKs do, so that all services decide a trace alike.
            guard share < 1 else { return true }
            guard share > 0 else { return false }
            return traceLow >> 1 < UInt64(share * 0x1p63)
        }
    }
}
