// SPDX-License-Identifier: Apache-2.0

extension FixedWidthInteger {
    /// The whole number below a floating-point one, or the nearest that the type has; 0 for what is not a number.
    ///
    /// `Int(_:)` ends the process for a number that does not fit, and times and durations come from files, the
    /// database, the command line and the wire.
    package init(saturating number: Double) {
        if let exact = Self(exactly: number.rounded(.towardZero)) {
            self = exact
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }
}

extension Duration {
    /// Whole milliseconds, or the nearest number that the type has.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, isTooLarge) = seconds.multipliedReportingOverflow(by: 1000)
        if isTooLarge { return seconds < 0 ? .min : .max }
        let (sum, isTooLargeNow) = milliseconds.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return isTooLargeNow ? (seconds < 0 ? .min : .max) : sum
    }
}
