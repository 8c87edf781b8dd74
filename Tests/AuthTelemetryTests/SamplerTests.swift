// SPDX-License-Identifier: Apache-2.0
import AuthTelemetry
import Testing

@Suite struct SamplerTests {
    private static func parent(_ isSampled: Bool) -> TraceContext {
        TraceContext(traceID: (1, 1), spanID: 1, isSampled: isSampled, isRemote: true)
    }

    @Test func `a parent-based sampler follows the parent, and its rule without one`() {
        let on = Sampler(.alwaysOn)
        #expect(on.records(traceLow: 0, parent: nil))
        #expect(!on.records(traceLow: 0, parent: Self.parent(false)))
        let off = Sampler(.alwaysOff)
        #expect(!off.records(traceLow: 0, parent: nil))
        #expect(off.records(traceLow: 0, parent: Self.parent(true)))
    }

    @Test func `other samplers ignore the parent`() {
        #expect(Sampler(.alwaysOn, followsParent: false).records(traceLow: 0, parent: Self.parent(false)))
        #expect(!Sampler(.alwaysOff, followsParent: false).records(traceLow: 0, parent: Self.parent(true)))
    }

    @Test func `a ratio compares 63 bits of the trace's id`() {
        let half = Sampler(.ratio(0.5))
        #expect(half.records(traceLow: 0, parent: nil))
        #expect(half.records(traceLow: .max / 2, parent: nil))
        #expect(!half.records(traceLow: .max / 2 + 1, parent: nil))
        #expect(!half.records(traceLow: .max, parent: nil))
        #expect(Sampler(.ratio(1)).records(traceLow: .max, parent: nil))
        #expect(!Sampler(.ratio(0)).records(traceLow: 0, parent: nil))
    }
}
