// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics

/// The reports as an aligned Markdown table.
enum Table {
    static func text(_ reports: [RowReport]) -> String {
        var rows = [
            [
                "measure", "side", "rate /s", "CPU µs", "instructions", "broker cores", "median ms",
                "p95/p99 ms", "wanted", "measured", "",
            ]
        ]
        let isCounted = reports.contains { $0.sides.contains { $0.instructions != nil } }
        for report in reports {
            for index in 0..<max(report.sides.count, report.checks.count) {
                let side = index < report.sides.count ? report.sides[index] : nil
                let check = index < report.checks.count ? report.checks[index] : nil
                rows.append(
                    [index == 0 ? report.heading : ""] + cells(side, isCounted)
                        + [check?.wanted ?? "", check?.measured ?? "", check?.result ?? ""])
            }
        }
        return aligned(rows)
    }

    /// - Parameter isCounted: whether instructions are counted on this machine: once for each side, so that other cells stay
    ///   empty.
    private static func cells(_ side: RowReport.Side?, _ isCounted: Bool) -> [String] {
        guard let side else { return Array(repeating: "", count: 7) }
        return [
            side.name, side.rate.map { Int($0.rounded()).grouped } ?? "", side.cpu.map(\.short) ?? "",
            side.instructions.map { Int($0.rounded()).grouped }
                ?? (isCounted || side.cpu == nil ? "" : "n/a"),
            side.brokerCores.map(\.short) ?? "", side.median.map(\.short) ?? "",
            side.late.map(\.short) ?? "",
        ]
    }

    /// A Markdown table whose columns are aligned; the first row is its heading.
    static func aligned(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = line(widths.map { String(repeating: "-", count: max(3, $0)) })
        return ([line(rows[0]), rule] + rows.dropFirst().map(line)).joined(separator: "\n")
    }

    /// How to read the table, below it.
    static func notes(_ reports: [RowReport]) -> [String] {
        var notes = [
            """
            A ratio or difference is that of each pair of runs: its median, and its quartiles in parentheses. A goal is \
            reached or missed if both quartiles are on the same side of the threshold, otherwise undecided.
            """
        ]
        let checks = reports.flatMap(\.checks)
        if let few = checks.compactMap(\.pairs).min(), few < PairedComparison.fewestPairs {
            notes.append(
                """
                Provisional: only \(few) pairs; \(PairedComparison.fewestPairs) or more are needed for a result.
                """)
        }
        let open = reports.filter { $0.checks.contains { $0.verdict == .undecided } }
        if !open.isEmpty {
            let pairs = open.flatMap(\.checks).compactMap(\.pairs).max() ?? 0
            var names: [String] = []
            for report in open where !names.contains(report.name.rawValue) {
                names.append(report.name.rawValue)
            }
            notes.append(
                """
                Undecided: measure more pairs, `Scripts/bench --pairs \(PairedComparison.morePairs(than: pairs)) \
                \(names.joined(separator: " "))`.
                """)
        }
        return notes
    }
}
