// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import ToolSupport

/// The result of a trial as text: a summary, a line of the results file, a row of docs/reliability.md.
struct TrialResult: Sendable {
    let number: String
    let brokerVersion: String
    let sentence: String
    private let row: String

    init(_ trial: Trial, _ verdict: Verdict, seconds: Double, brokerVersion: String) {
        number = trial.number
        self.brokerVersion = brokerVersion
        let counts = [
            verdict.committed, verdict.rolledBack, verdict.confirmed, verdict.unrouted, verdict.parked,
            verdict.handled, verdict.dead, verdict.seenAgain, verdict.count(.lost), verdict.count(.ghost),
            verdict.count(.duplicateEffect), verdict.count(.order),
        ]
        let names = [
            "committed", "rolled back", "confirmed", "unrouted", "parked", "handled", "dead", "seen again",
            "lost", "ghosts", "duplicate effects", "order breaches",
        ]
        let time = String(format: "%.1f", seconds)
        sentence = zip(names, counts).map { "\($0) \($1)" }.joined(separator: "  ") + "  in \(time) s"
        let cells = [trial.number, trial.fault] + counts.map(String.init) + [time]
        row = "| " + cells.joined(separator: " | ") + " |"
    }

    /// Writes the result to the files that the environment selects.
    func write() throws {
        if let path = TrialSettings.resultsFile {
            let line = Data("\(brokerVersion)\t\(TrialSettings.seed)\t\(number)\t\(sentence)\n".utf8)
            if !FileManager.default.fileExists(atPath: path) {
                _ = FileManager.default.createFile(atPath: path, contents: nil)
            }
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.seekToEnd()
            try file.write(contentsOf: line)
            try file.close()
        }
        if TrialSettings.writesResults {
            let page = Repository.root.appending(path: "docs/reliability.md")
            let text = try String(contentsOf: page, encoding: .utf8)
            try Self.putting(row, of: number, under: brokerVersion, into: text)
                .write(to: page, atomically: true, encoding: .utf8)
        }
    }

    // MARK: docs/reliability.md

    private static let head = """
        | # | fault | committed | rolled back | confirmed | unrouted | parked | handled | dead | seen again | \
        lost | ghosts | duplicate effects | order breaches | s |
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
        """

    /// Returns the page with the row inserted into the table of that version, or replacing the row of the same trial.
    static func putting(_ row: String, of number: String, under version: String, into page: String) -> String
    {
        let (begin, end) = ("<!-- results \(version) -->", "<!-- end of results \(version) -->")
        var page = page
        if !page.contains(begin) {
            page += "\n### RabbitMQ \(version)\n\n\(begin)\n\(head)\n\(end)\n"
        }
        guard let from = page.range(of: begin + "\n"), let to = page.range(of: end) else { return page }
        let lines = page[from.upperBound..<to.lowerBound].split(separator: "\n").map(String.init)
        var rows = lines.dropFirst(2).filter { Self.number(of: $0) != number } + [row]
        rows.sort { Self.place($0) < Self.place($1) }
        page.replaceSubrange(
            from.upperBound..<to.lowerBound, with: (lines.prefix(2) + rows).joined(separator: "\n") + "\n")
        return page
    }

    private static func number(of row: String) -> String {
        row.split(separator: "|").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    }

    /// The sort key: by number, then by suffix: 4, 4 b, 10.
    private static func place(_ row: String) -> String {
        let number = number(of: row)
        let digits = number.prefix(while: \.isNumber)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + number
    }
}
