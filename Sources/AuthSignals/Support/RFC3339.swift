// SPDX-License-Identifier: Apache-2.0

/// Parses and formats the `date-time` of RFC 3339, section 5.6, and nothing else.
///
/// Foundation's format style is not used, since the input is untrusted: it accepts 30 February, hour 25 and text after
/// the Z, truncates fractions below a millisecond, and switches to the Julian calendar in 1582.
enum RFC3339 {
    /// The range of a four-digit year, in milliseconds since 1970.
    static let possibleMilliseconds: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// `2026-11-23T08:00:00.123Z`.
    ///
    /// - Parameter milliseconds: since 1970, within ``possibleMilliseconds``.
    static func text(of milliseconds: Int64) -> String {
        let (days, ofDay) = floorDivide(Int(milliseconds), 86_400_000)
        let (year, month, day) = date(days)
        let (seconds, fraction) = (ofDay / 1000, ofDay % 1000)
        return String(unsafeUninitializedCapacity: 24) { text in
            var at = 0
            func put(_ count: Int, _ value: Int, then character: Unicode.Scalar) {
                var rest = value
                for index in (at..<at + count).reversed() {
                    text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                text[at + count] = UInt8(ascii: character)
                at += count + 1
            }
            put(4, year, then: "-")
            put(2, month, then: "-")
            put(2, day, then: "T")
            put(2, seconds / 3600, then: ":")
            put(2, seconds / 60 % 60, then: ":")
            put(2, seconds % 60, then: ".")
            put(3, fraction, then: "Z")
            return at
        }
    }

    /// Milliseconds since 1970, rounded to the nearest; nil if the text is not a `date-time`.
    static func milliseconds(of text: String) -> Int64? {
        if let usual = text.utf8.withContiguousStorageIfAvailable(usualMilliseconds), let usual {
            return usual
        }
        var rest = text.utf8[...]
        guard let year = number(4, &rest), take("-", &rest), let month = number(2, &rest), take("-", &rest),
            let day = number(2, &rest), (1...12).contains(month),
            (1...length(ofMonth: month, year)).contains(day),
            take("T", &rest) || take("t", &rest) || take(" ", &rest),
            let hour = number(2, &rest), take(":", &rest), let minute = number(2, &rest), take(":", &rest),
            let second = number(2, &rest), hour <= 23, minute <= 59, second <= 60,
            let fraction = fraction(&rest), let offset = offset(&rest), rest.isEmpty
        else { return nil }
        let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
        return Int64(seconds) * 1000 + fraction
    }

    /// The fast path for the format that we write ourselves, `2026-11-23T08:00:00.123Z`; nil for any other format.
    private static func usualMilliseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        func number(_ range: Range<Int>) -> Int {
            var value = 0
            for index in range {
                guard isDigit(text[index]) else { return -1_000_000_000 }
                value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
            }
            return value
        }
        guard text.count == 24, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            text[19] == UInt8(ascii: "."), text[23] == UInt8(ascii: "Z")
        else { return nil }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        let fraction = number(20..<23)
        guard year >= 0, (1...12).contains(month), (1...length(ofMonth: month, year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second), fraction >= 0
        else { return nil }
        let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
        return Int64(seconds * 1000 + fraction)
    }

    /// The milliseconds of `.123`; 0 without a fraction, nil if no digit follows the dot.
    private static func fraction(_ rest: inout Substring.UTF8View) -> Int64? {
        guard take(".", &rest) else { return 0 }
        let digits = rest.prefix { isDigit($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest[digits.endIndex...]
        // Three digits, and a fourth for rounding.
        let value = (0..<4).reduce(into: (Int64(0), digits[...])) { sum, _ in
            sum.0 = sum.0 * 10 + Int64((sum.1.popFirst() ?? UInt8(ascii: "0")) - UInt8(ascii: "0"))
        }.0
        return (value + 5) / 10
    }

    /// Minutes east of UTC.
    private static func offset(_ rest: inout Substring.UTF8View) -> Int? {
        if take("Z", &rest) || take("z", &rest) { return 0 }
        let east = take("+", &rest)
        guard east || take("-", &rest), let hours = number(2, &rest), take(":", &rest),
            let minutes = number(2, &rest), hours <= 23, minutes <= 59
        else { return nil }
        return (east ? 1 : -1) * (hours * 60 + minutes)
    }

    private static func number(_ count: Int, _ rest: inout Substring.UTF8View) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        rest = rest[digits.endIndex...]
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout Substring.UTF8View) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970 in the proleptic Gregorian calendar; years start in March, so that the leap day is last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        return (year, month >= 10 ? month - 9 : month + 3, day)
    }

    private static func floorDivide(_ value: Int, _ by: Int) -> (Int, Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }
}
