// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import BrokerSupport
import Foundation

/// Measures the library against bare librabbitmq: `Scripts/bench`.
@main
struct AuthBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the library against bare librabbitmq.",
        discussion: """
            Starts a private broker and prints a table with the measurements of both sides, the goals and
            whether they were reached. Both sides are measured alternately; the result is the median.
            """,
        subcommands: [Measure.self, RunJob.self], defaultSubcommand: Measure.self)
}

/// Measures the rows and prints the table.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "measure", shouldDisplay: false)

    @Argument(help: "The rows to measure. By default all rows.")
    var rows: [RowName] = []

    @Flag(help: "Shorter runs, three of each: a few minutes instead of half an hour.")
    var quick = false

    @Option(help: "The number of runs of each side.")
    var runs: Int?

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Option(help: "Write a plot to this SVG file.")
    var svg: String?

    func validate() throws {
        guard runs ?? 1 >= 1 else { throw ValidationError("--runs must be at least 1") }
    }

    func run() async throws {
        let broker = try await PrivateBroker.start()
        let bench = try Bench(broker: broker, runs: runs ?? (quick ? 3 : 5), isQuick: quick)
        var machine = try await Machine(broker: broker)
        var reports: [RowReport] = []
        for row in rows.isEmpty ? RowName.allCases : rows {
            bench.tell("measuring: \(row.rawValue)")
            reports += try await row.measure(bench)
        }
        machine.load += " before, \(Machine.loadNow) after"
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(
                String(decoding: try encoder.encode(Printed(machine: machine, rows: reports)), as: UTF8.self))
        } else {
            for line in machine.lines { print(line) }
            print()
            print(Table.text(reports))
        }
        // Flush the table before the broker stops, which takes some time.
        fflush(nil)
        if let svg { try Plot.svg(reports).write(toFile: svg, atomically: true, encoding: .utf8) }
        try await broker.stop()
    }

    private struct Printed: Encodable {
        var machine: Machine
        var rows: [RowReport]
    }
}
