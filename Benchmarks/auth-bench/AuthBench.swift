// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import BenchmarkStatistics
import BrokerSupport
import Foundation

/// Measures the library against bare librabbitmq: `Scripts/bench`.
@main
struct AuthBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the library against bare librabbitmq.",
        discussion: """
            Starts a private broker and prints a table with the measurements of both sides, the goals and
            whether they were reached. The sides are measured in turn; the result is the median of the
            pairs' ratios or differences. Everything is measured twice: with the broker and the measured
            process each on a core of its own, and with both on all cores.
            """,
        subcommands: [Measure.self, RunJob.self], defaultSubcommand: Measure.self)
}

/// Measures the rows and prints the table.
struct Measure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "measure", shouldDisplay: false)

    @Argument(help: "The rows to measure. By default all rows.")
    var rows: [RowName] = []

    @Flag(help: "Shorter runs, three pairs: a few minutes; the results are provisional.")
    var quick = false

    @Option(help: "The number of pairs of runs: 9 by default; more if a result is undecided.")
    var pairs: Int?

    @Option(help: "Measure only pinned or only unpinned. By default both.")
    var placement: Placement?

    @Flag(help: "Do not count instructions.")
    var noInstructions = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Option(help: "Write a plot to this SVG file.")
    var svg: String?

    @Option(help: "Add the results to the section History of this Markdown file.")
    var history: String?

    func validate() throws {
        guard pairs ?? 1 >= 1 else { throw ValidationError("--pairs must be at least 1") }
        if placement == .pinned, Cores().pinned == nil {
            throw ValidationError("--placement pinned needs two cores; this process may use only one")
        }
        if let history, !FileManager.default.isWritableFile(atPath: history) {
            throw ValidationError("--history: \(history) does not exist or is not writable")
        }
    }

    func run() async throws {
        let broker = try await PrivateBroker.start()
        let folder = broker.directory + "/bench"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let cores = Cores()
        let counting =
            noInstructions
            ? (counter: nil, reason: "--no-instructions")
            : InstructionCounter.find(folder: folder, isQuick: quick)
        let bench = Bench(
            broker: broker, cores: cores, placements: placement.map { [$0] } ?? cores.placements,
            pairs: pairs ?? (quick ? 3 : PairedComparison.fewestPairs), isQuick: quick,
            instructions: counting.counter, folder: folder)
        var machine = try await Machine(
            broker: broker, cores: cores.line,
            instructions: counting.counter?.line ?? "instructions: n/a, because \(counting.reason)")
        var reports: [RowReport] = []
        for row in rows.isEmpty ? RowName.allCases : rows {
            bench.tell("measuring: \(row.rawValue)")
            reports += try await row.measure(bench)
        }
        machine.load += " before, \(Machine.loadNow) after"
        try show(reports, machine)
        if let svg { try Plot.svg(reports).write(toFile: svg, atomically: true, encoding: .utf8) }
        if let history { try History.add(reports, machine, to: history) }
        try await broker.stop()
    }

    private func show(_ reports: [RowReport], _ machine: Machine) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let printed = Printed(machine: machine, rows: reports)
            print(String(decoding: try encoder.encode(printed), as: UTF8.self))
        } else {
            for line in machine.lines { print(line) }
            print()
            print(Table.text(reports))
            print()
            for note in Table.notes(reports) { print(note) }
        }
        // Flush the table before the broker stops, which takes some time.
        fflush(nil)
    }

    private struct Printed: Encodable {
        var machine: Machine
        var rows: [RowReport]
    }
}
