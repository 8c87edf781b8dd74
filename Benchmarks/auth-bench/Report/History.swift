// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import Foundation

/// The results as an entry of the section "History" of docs/performance.md.
enum History {
    /// Adds the entry to the file.
    static func add(_ reports: [RowReport], _ machine: Machine, to path: String) throws {
        let page = try String(contentsOfFile: path, encoding: .utf8)
        try HistoryPage.inserting(entry(reports, machine), into: page)
            .write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static func entry(_ reports: [RowReport], _ machine: Machine) -> String {
        var rows = [["measure", "wanted", "measured", ""]]
        for report in reports {
            for (index, check) in report.checks.enumerated() {
                rows.append([index == 0 ? report.heading : "", check.wanted, check.measured, check.result])
            }
        }
        let day = Date().formatted(.iso8601.year().month().day())
        return """
            ### \(day): \(machine.processors) × \(machine.processor), RabbitMQ \(machine.rabbitMQ)

            \(machine.lines.map { "* \($0)" }.joined(separator: "\n"))

            \(Table.aligned(rows))
            """
    }
}
