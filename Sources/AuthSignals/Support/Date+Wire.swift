// SPDX-License-Identifier: Apache-2.0
public import Foundation

extension Date {
    /// RFC 3339 in UTC with milliseconds: `2026-11-23T08:00:00.123Z`. Dates outside the years 0000 to 9999 are clamped
    /// to that range, since RFC 3339 cannot represent them.
    public var wireText: String {
        let milliseconds = (timeIntervalSince1970 * 1000).rounded()
        let possible = RFC3339.possibleMilliseconds
        guard milliseconds < Double(possible.upperBound) else { return RFC3339.text(of: possible.upperBound) }
        guard milliseconds > Double(possible.lowerBound) else { return RFC3339.text(of: possible.lowerBound) }
        return RFC3339.text(of: Int64(milliseconds))
    }

    /// The date of an RFC 3339 string, with or without fractions of a second, to the nearest millisecond; nil for any
    /// other string.
    public init?(wireText: String) {
        // A leap second or an offset can lead out of the years 0 to 9999, and other years cannot be written.
        guard let milliseconds = RFC3339.milliseconds(of: wireText),
            RFC3339.possibleMilliseconds.contains(milliseconds)
        else { return nil }
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// The date rounded to the nearest millisecond, as it is stored and published.
    public var wholeMilliseconds: Date {
        Date(timeIntervalSince1970: (timeIntervalSince1970 * 1000).rounded() / 1000)
    }
}
