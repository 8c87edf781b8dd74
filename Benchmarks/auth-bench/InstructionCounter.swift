// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Counts the instructions that a job executes in user mode: unlike times, they do not depend on what else the machine
/// does.
///
/// The hardware's counter is used if the machine has one; many virtual machines do not. Otherwise callgrind executes the
/// job, about fifty times slower, on fewer messages and one thread at a time. In both cases the job runs with two numbers of
/// messages, and the difference of the instructions divided by that of the messages is the result, so that the cost of
/// starting cancels out.
struct InstructionCounter: Sendable {
    private enum Tool: Sendable {
        case perf(String)
        case callgrind(String)
    }

    private let tool: Tool
    /// The program that is counted.
    let executable: String
    /// The two numbers of messages.
    let sizes: (small: Int, large: Int)
    /// The tool's name, for the table.
    let name: String

    /// Finds a counter that works on this machine.
    ///
    /// - Returns: nil if none does, with the reason.
    static func find(folder: String, isQuick: Bool) -> (counter: InstructionCounter?, reason: String) {
        let program = Child.executable.path
        var reasons: [String] = []
        if let perf = Child.find("perf") {
            let report = "\(folder)/perf.txt"
            let probe = InstructionCounter(
                tool: .perf(perf), executable: program, sizes: isQuick ? (2000, 20_000) : (5000, 50_000),
                name: "perf stat -e instructions:u")
            _ = try? Child.output(of: perf, probe.wrapped("/bin/true", [], report: report).arguments)
            if probe.instructions(in: report) != nil { return (probe, "") }
            reasons.append("perf has no counter of instructions here")
        } else {
            reasons.append("perf is not installed")
        }
        guard let valgrind = Child.find("valgrind") else {
            return (nil, (reasons + ["valgrind is not installed"]).joined(separator: ", "))
        }
        // valgrind cannot read the debugging information of Swift 6 executables, and gives up.
        let stripped = "\(folder)/auth-bench.stripped"
        guard let strip = Child.find("strip"),
            (try? Child.output(of: strip, ["-o", stripped, program])) != nil
        else {
            return (nil, (reasons + ["valgrind needs strip of binutils"]).joined(separator: ", "))
        }
        let counter = InstructionCounter(
            tool: .callgrind(valgrind), executable: stripped, sizes: isQuick ? (2000, 6000) : (4000, 12_000),
            name: "valgrind --tool=callgrind")
        let report = "\(folder)/callgrind.txt"
        _ = try? Child.output(of: valgrind, counter.wrapped("/bin/true", [], report: report).arguments)
        if counter.instructions(in: report) != nil { return (counter, "") }
        return (nil, (reasons + ["valgrind does not work"]).joined(separator: ", "))
    }

    /// The command line that runs a program and writes the count to a file.
    func wrapped(
        _ program: String, _ arguments: [String], report: String
    ) -> (tool: String, arguments: [String]) {
        switch tool {
        case .perf(let path):
            (path, ["stat", "-x,", "-e", "instructions:u", "-o", report, program] + arguments)
        case .callgrind(let path):
            (path, ["-q", "--tool=callgrind", "--callgrind-out-file=\(report)", program] + arguments)
        }
    }

    /// The count in the tool's report; nil if it has none.
    func instructions(in report: String) -> Double? {
        guard let text = try? String(contentsOfFile: report, encoding: .utf8) else { return nil }
        switch tool {
        case .perf:
            // "12345,,instructions:u,…"; a processor with two kinds of cores has a line for each.
            let counts = text.split(separator: "\n").filter { $0.contains("instructions") }
                .compactMap { $0.split(separator: ",").first.flatMap { Double($0) } }
            return counts.isEmpty ? nil : counts.reduce(0, +)
        case .callgrind:
            let line = text.split(separator: "\n").last { $0.hasPrefix("totals:") }
            return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
        }
    }

    /// The line above the table.
    var line: String {
        """
        instructions: user mode, by \(name), from runs of \(sizes.small.grouped) and \(sizes.large.grouped) \
        messages
        """
    }
}
