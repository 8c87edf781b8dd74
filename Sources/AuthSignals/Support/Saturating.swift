// SPDX-License-Identifier: Apache-2.0

extension FixedWidthInteger {
    /// The integer part of a floating-point number, clamped to the type's range; 0 for NaN.
    ///
    /// `Int(_:)` traps if the number does not fit, and times and durations come from files, the database, the command
    /// line and the wire.
    package init(saturating number: Double) {
        if let exact = Self(exactly: number.rounded(.towardZero)) {
            self = exact
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }
}

extension Duration {
    /// Whole milliseconds, clamped to the range of `Int64`.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
        if isTooLarge { return seconds < 0 ? .min : .max }
        let (sum, isTooLargeNow) = milliseconds.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return isTooLargeNow ? (seconds < 0 ? .min : .max) : sum
    }
}
