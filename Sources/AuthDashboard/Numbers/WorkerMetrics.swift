// SPDX-License-Identifier: Apache-2.0

/// What one reading of a worker's metrics page shows: the samples that the dashboard uses, summed over the handlers.
///
/// The page is in Prometheus' text format, version 0.0.4. It comes from outside: lines of another form, negative
/// values, NaN and infinity are ignored, and nothing is kept for a line of another metric.
struct WorkerMetrics: Hashable, Sendable {
    /// `auth_signals_handled_total`; nil if the page has no such metric.
    var handled: Double?
    /// `auth_signals_failed_total`: attempts that threw.
    var failed: Double?
    /// `auth_signals_lane_depth`: deliveries that wait in the worker.
    var waiting: Double?
    /// `auth_signals_handler_duration_seconds_bucket`: attempts that took at most as long as the bound, in seconds.
    var buckets: [Double: Double] = [:]

    /// The maximum number of different bounds that are kept.
    private static let mostBounds = 100
    /// The highest finite bound, in seconds.
    private static let highestBound = 1e9

    /// - Returns: nil if the text has no metric of a worker: it is another program's page, or not a metrics page.
    init?(parsing page: some Sequence<UInt8>) {
        for line in Array(page).split(separator: UInt8(ascii: "\n")) { add(line) }
        if handled == nil, failed == nil, waiting == nil, buckets.isEmpty { return nil }
    }

    init() {}

    private mutating func add(_ line: ArraySlice<UInt8>) {
        // Comments and other programs' metrics are skipped without being decoded.
        guard line.starts(with: Self.prefix), line.count <= Self.longestLine,
            let sample = Sample(String(decoding: line, as: UTF8.self))
        else { return }
        switch sample.name {
        case "auth_signals_handled_total": handled = (handled ?? 0) + sample.value
        case "auth_signals_failed_total": failed = (failed ?? 0) + sample.value
        case "auth_signals_lane_depth": waiting = (waiting ?? 0) + sample.value
        case "auth_signals_handler_duration_seconds_bucket":
            guard let text = sample.bound, let bound = Double(text), bound >= 0,
                bound <= Self.highestBound || bound == .infinity
            else { return }
            guard buckets[bound] != nil || buckets.count < Self.mostBounds else { return }
            buckets[bound, default: 0] += sample.value
        default: return
        }
    }

    private static let prefix = Array("auth_signals_".utf8)
    private static let longestLine = 4096
}

/// One line of a metrics page: `NAME{LABEL="VALUE",…} NUMBER`, possibly with a time after it.
private struct Sample {
    var name: Substring
    var value: Double
    /// The label `le`, the upper bound of a bucket.
    var bound: String?

    /// The highest value: above it, whole numbers are not exact.
    private static let highest = 9_007_199_254_740_992.0

    /// - Returns: nil for a line of another form, and for a value that is negative, too large or not a number.
    init?(_ line: String) {
        var rest = line[...]
        name = rest.prefix { $0 != "{" && $0 != " " && $0 != "\t" }
        rest = rest.dropFirst(name.count)
        if rest.first == "{" {
            guard let labels = Self.labels(&rest) else { return nil }
            bound = labels
        }
        guard let text = rest.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }).first,
            let number = Double(text), number >= 0, number <= Self.highest
        else { return nil }
        value = number
    }

    /// Reads labels up to the closing brace.
    ///
    /// - Returns: the value of `le`, "" if it is missing; nil if the labels do not end.
    private static func labels(_ rest: inout Substring) -> String? {
        var found = ""
        rest.removeFirst()
        while let first = rest.first {
            if first == "}" {
                rest.removeFirst()
                return found
            }
            if first == "," || first == " " {
                rest.removeFirst()
                continue
            }
            let name = rest.prefix { $0 != "=" && $0 != "}" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=", rest.dropFirst().first == "\"" else { return nil }
            rest = rest.dropFirst(2)
            guard let value = quoted(&rest) else { return nil }
            if name == "le" { found = value }
        }
        return nil
    }

    /// Reads a label's value up to its closing quotation mark; a backslash protects the character after it.
    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                value.append(next)
            default: value.append(character)
            }
        }
        return nil
    }
}
