// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing
import ToolSupport

@Suite struct WireDateTests {
    @Test func `writes every millisecond exactly and reads it back as the same date`() {
        let seconds: [Double] = [0, 1, 951_782_399, 1_700_000_000, 1_795_420_800, 4_102_444_799, -1, -86_400]
        for second in seconds {
            for millisecond in 0..<1000 {
                let date = Date(timeIntervalSince1970: second + Double(millisecond) / 1000)
                let text = date.wireText
                let digits = String(millisecond)
                let padded = String(repeating: "0", count: 3 - digits.count) + digits
                guard text.hasSuffix(".\(padded)Z"), text.utf8.count == 24 else {
                    Issue.record("\(second) and \(millisecond) ms are written \(text)")
                    continue
                }
                guard Date(wireText: text) == date.wholeMilliseconds else {
                    Issue.record("\(text) is not read back as the date it was written from")
                    continue
                }
            }
        }
    }

    @Test func `random dates survive a round trip, and a second one changes nothing`() {
        var generator = SeededGenerator(seed: TestSeed.value)
        for _ in 0..<20_000 {
            let milliseconds = Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &generator)
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            let text = date.wireText
            let read = Date(wireText: text)
            guard let read, Int64((read.timeIntervalSince1970 * 1000).rounded()) == milliseconds,
                read.wireText == text, read == date.wholeMilliseconds
            else {
                Issue.record("seed \(TestSeed.value): \(milliseconds) ms since 1970 became \(text)")
                continue
            }
        }
    }

    @Test func `agrees with Foundation's calendar on every day of eight centuries`() {
        // Foundation's style is Julian before 15 October 1582.
        let style = Date.ISO8601FormatStyle().year().month().day()
        for day in -141_000...150_000 {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            guard date.wireText == date.formatted(style) + "T00:00:00.000Z" else {
                Issue.record("day \(day) is written \(date.wireText)")
                continue
            }
        }
    }

    @Test(arguments: [
        (0.0004, "1970-01-01T00:00:00.000Z"), (0.0006, "1970-01-01T00:00:00.001Z"),
        (59.9996, "1970-01-01T00:01:00.000Z"), (1_795_420_799.9999, "2026-11-23T08:00:00.000Z"),
        (-0.0006, "1969-12-31T23:59:59.999Z"), (-62_135_596_800, "0001-01-01T00:00:00.000Z"),
        (1e15, "9999-12-31T23:59:59.999Z"),
        (-1e15, "0000-01-01T00:00:00.000Z"), (951_827_696.789, "2000-02-29T12:34:56.789Z"),
    ])
    func `rounds a date to the nearest millisecond`(seconds: Double, text: String) {
        #expect(Date(timeIntervalSince1970: seconds).wireText == text)
    }

    @Test(arguments: [
        ("2026-11-23T08:00:00Z", 1_795_420_800.0), ("2026-11-23T08:00:00.1Z", 1_795_420_800.1),
        ("2026-11-23t08:00:00.123z", 1_795_420_800.123), ("2026-11-23 08:00:00Z", 1_795_420_800),
        ("2026-11-23T09:30:00.123+01:30", 1_795_420_800.123), ("2026-11-22T22:00:00-10:00", 1_795_420_800),
        ("2026-11-23T08:00:00.1234567891Z", 1_795_420_800.123), ("2026-11-23T07:59:59.9999Z", 1_795_420_800),
        ("2026-11-23T07:59:60Z", 1_795_420_800), ("2000-02-29T00:00:00Z", 951_782_400),
        ("1970-01-01T00:00:00-00:00", 0), ("0001-01-01T00:00:00Z", -62_135_596_800),
    ])
    func `reads every form of RFC 3339`(text: String, seconds: Double) {
        #expect(Date(wireText: text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "now", "2026-11-23", "2026-11-23T08:00:00", "2026-11-23T08:00:00.Z", "2026-11-23T08:00Z",
        "2026-02-30T08:00:00Z", "2025-02-29T08:00:00Z", "1900-02-29T08:00:00Z", "2026-00-01T08:00:00Z",
        "2026-13-01T08:00:00Z", "2026-04-31T08:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T08:60:00Z",
        "2026-11-23T08:00:61Z", "2026-11-23T08:00:00+24:00", "2026-11-23T08:00:00+0100", "2026-1-3T8:0:0Z",
        "2026-11-23T08:00:00Zjunk", " 2026-11-23T08:00:00Z", "２０２６-11-23T08:00:00Z", "-026-11-23T08:00:00Z",
        "2026-11-23T08:00:00.123Z\u{7F}", "20261123T080000Z", "1795420800",
    ])
    func `rejects any other text`(text: String) {
        #expect(Date(wireText: text) == nil)
    }

    @Test(arguments: ["9999-12-31T23:59:60.999Z", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"])
    func `rejects a date outside the years 0 to 9999`(text: String) {
        #expect(Date(wireText: text) == nil)
    }
}
