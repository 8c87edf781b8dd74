// SPDX-License-Identifier: Apache-2.0

/// The reports as an aligned Markdown table.
enum Table {
    static func text(_ reports: [RowReport]) -> String {
        var rows = [
            [
                "measure", "side", "rate /s", "CPU µs", "broker cores", "median ms", "p95/p99 ms", "wanted",
                "measured", "",
            ]
        ]
        for report in reports {
            for index in 0..<max(report.sides.count, report.checks.count) {
                let side = index < report.sides.count ? report.sides[index] : nil
                let check = index < report.checks.count ? report.checks[index] : nil
                rows.append([
                    index == 0 ? report.title : "", side?.name ?? "",
                    side?.rate.map { Int($0.rounded()).grouped } ?? "", side?.cpu.map(\.short) ?? "",
                    side?.brokerCores.map(\.short) ?? "", side?.median.map(\.short) ?? "",
                    side?.late.map(\.short) ?? "", check?.wanted ?? "", check?.measured ?? "",
                    check.map { $0.isReached ? "reached" : "**missed**" } ?? "",
                ])
            }
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = line(widths.map { String(repeating: "-", count: max(3, $0)) })
        return ([line(rows[0]), rule] + rows.dropFirst().map(line)).joined(separator: "\n")
    }
}
