// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthSignals
import Foundation

/// A moment as an operator says it.
enum PointInTime {
    /// What the options' help says of it.
    static let form = "a time (2026-11-23T08:00:00Z), or how long ago: 90s, 15m, 2h, 3d"

    /// Seconds of the longest time ago that is taken: ten thousand years.
    private static let longest = 10_000.0 * 365 * 86_400

    /// - Throws: `ValidationError`; who parses the command line names the option.
    static func parse(_ text: String) throws -> Date {
        if let date = Date(wireText: text) { return date }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Double(text.dropLast()),
            (0...Self.longest).contains(count * unit)
        else {
            throw ValidationError("it must be \(form)")
        }
        return Date() - count * unit
    }
}
