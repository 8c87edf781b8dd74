// SPDX-License-Identifier: Apache-2.0
import AuthSignals
package import Tracing

/// The position of a span in its trace, as W3C Trace Context defines it.
package struct TraceContext: Hashable, Sendable {
    /// The upper and the lower half of the trace's id; not both zero.
    package var traceID: (high: UInt64, low: UInt64) {
        get { (traceHigh, traceLow) }
        set { (traceHigh, traceLow) = newValue }
    }
    private var traceHigh: UInt64
    private var traceLow: UInt64
    /// The span's id; not zero.
    package var spanID: UInt64
    /// Whether the trace is recorded.
    package var isSampled: Bool
    /// `tracestate`, as it was received.
    package var state: String?
    /// Whether it was received from another process.
    package var isRemote: Bool

    package init(
        traceID: (high: UInt64, low: UInt64), spanID: UInt64, isSampled: Bool, state: String? = nil,
        isRemote: Bool = false
    ) {
        (traceHigh, traceLow) = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
        self.isRemote = isRemote
    }

    /// Parses a `traceparent`; nil if it is invalid, and must then be ignored.
    package init?(traceparent text: String, state: String? = nil) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let version = Self.number(bytes[0..<2]), version != 0xFF,
            // A later version may append fields.
            bytes.count == 55 || (version > 0 && bytes[55] == Self.dash),
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]),
            high != 0 || low != 0,
            let span = Self.number(bytes[36..<52]), span != 0,
            let flags = Self.number(bytes[53..<55])
        else { return nil }
        let state = state.flatMap { $0.isEmpty || $0.utf8.count > Self.longestState ? nil : $0 }
        self.init(
            traceID: (high, low), spanID: span, isSampled: flags & 1 == 1, state: state, isRemote: true)
    }

    /// The `traceparent` of this position.
    package var traceparent: String {
        "00-" + Self.text(traceHigh) + Self.text(traceLow) + "-" + Self.text(spanID)
            + (isSampled ? "-01" : "-00")
    }

    /// The longest `tracestate` that is passed on, in bytes; a longer one may be dropped.
    private static let longestState = 512
    private static let dash = UInt8(ascii: "-")

    /// A number in hexadecimal digits of lower case.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            guard !(UInt8(ascii: "A")...UInt8(ascii: "F")).contains(digit),
                let value = Hexadecimal.value(of: digit)
            else { return nil }
            number = number << 4 | UInt64(value)
        }
        return number
    }

    private static func text(_ number: UInt64) -> String { Hexadecimal.text(of: number.bytes) }
}

extension UInt64 {
    /// Its eight bytes, the most significant first.
    var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * UInt64($0))) } }
}

private enum TraceContextKey: ServiceContextKey {
    typealias Value = TraceContext
    static let nameOverride: String? = "traceparent"
}

extension ServiceContext {
    /// The position in the current trace, if one was started or received.
    package var traceContext: TraceContext? {
        get { self[TraceContextKey.self] }
        set { self[TraceContextKey.self] = newValue }
    }
}
