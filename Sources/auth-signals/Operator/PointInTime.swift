// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals
import Foundation

/// Parses a point in time on the command line.
enum PointInTime {
    /// The format, for the options' help.
    static let format = "a time (2026-11-23T08:00:00Z) or an age (90s, 15m, 2h, 3d)"

    /// The largest age in seconds: ten thousand years.
    private static let longest = 10_000.0 * 365 * 86_400

    /// - Throws: `ValidationError`; the command line parser adds the option's name.
    static func parse(_ text: String) throws -> Date {
        if let date = Date(wireText: text) { return date }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()),
            (0...Self.longest).contains(count * unit)
        else {
            throw ValidationError("must be \(format)")
        }
        return Date() - count * unit
    }
}
