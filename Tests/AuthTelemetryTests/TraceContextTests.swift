// SPDX-License-Identifier: Apache-2.0
import AuthTelemetry
import Testing

@Suite("W3C trace context") struct TraceContextTests {
    private static let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `reads and writes a traceparent`() throws {
        let context = try #require(TraceContext(traceparent: Self.text, state: "vendor=1"))
        #expect(context.traceID == (0x0af7_6519_16cd_43dd, 0x8448_eb21_1c80_319c))
        #expect(context.spanID == 0xb7ad_6b71_6920_3331)
        #expect(context.isSampled && context.isRemote)
        #expect(context.state == "vendor=1")
        #expect(context.traceparent == Self.text)
    }

    @Test func `reads only the sampled flag`() throws {
        let prefix = Self.text.dropLast(2)
        #expect(TraceContext(traceparent: prefix + "00")?.isSampled == false)
        #expect(TraceContext(traceparent: prefix + "02")?.isSampled == false)
        #expect(TraceContext(traceparent: prefix + "ff")?.isSampled == true)
        #expect(TraceContext(traceparent: prefix + "ff")?.traceparent == Self.text)
    }

    @Test func `reads later versions, which may be longer`() {
        #expect(TraceContext(traceparent: "cc" + Self.text.dropFirst(2)) != nil)
        #expect(TraceContext(traceparent: "cc" + Self.text.dropFirst(2) + "-more") != nil)
        #expect(TraceContext(traceparent: "cc" + Self.text.dropFirst(2) + "more") == nil)
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", text + "-more", text + "0",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1é",
    ])
    func `ignores an invalid traceparent`(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func `drops a tracestate that is too long`() {
        #expect(TraceContext(traceparent: Self.text, state: String(repeating: "a", count: 513))?.state == nil)
        #expect(TraceContext(traceparent: Self.text, state: "")?.state == nil)
    }
}
