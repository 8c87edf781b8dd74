// SPDX-License-Identifier: Apache-2.0
import Foundation

/// docs/contract.md, as tables and the names in them.
struct ContractPage {
    private let lines: [Substring]

    init() throws { lines = try Repository.File(path: "docs/contract.md").lines }

    /// The rows, as cells, of the first table whose first column has that title.
    func table(_ title: String) -> [[String]] {
        guard let head = lines.firstIndex(where: { $0.hasPrefix("| \(title) |") }) else { return [] }
        // The line after the titles separates them from the rows.
        return lines.dropFirst(head + 2).prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// The names in the first column of that table.
    func firstColumn(of title: String) -> [String] { table(title).flatMap { Self.names(in: $0, column: 0) } }

    /// The paragraph that begins with that text; empty if none does.
    func paragraph(_ beginning: String) -> String {
        guard let first = lines.firstIndex(where: { $0.hasPrefix(beginning) }) else { return "" }
        return lines.dropFirst(first).prefix { !$0.isEmpty }.joined(separator: "\n")
    }

    /// The first block of JSON; empty if there is none.
    var json: String {
        guard let first = lines.firstIndex(where: { $0 == "```json" }) else { return "" }
        return lines.dropFirst(first + 1).prefix { $0 != "```" }.joined(separator: "\n")
    }

    /// The names in a cell, without those in parentheses, which explain a name.
    static func names(in row: [String], column: Int) -> [String] {
        guard row.indices.contains(column) else { return [] }
        return names(in: row[column].replacing(#/\([^)]*\)/#, with: ""))
    }

    /// The texts between backticks.
    static func names(in text: String) -> [String] {
        text.matches(of: #/`([^`]+)`/#).map { String($0.1) }
    }

    /// The texts of all constants that an enumeration without cases declares; empty if no file declares it.
    ///
    /// They are read from the source, since Swift cannot list the static members of a type.
    static func constants(of type: String, under folder: String) throws -> Set<String> {
        for file in Repository.files(under: folder, ending: ["swift"]) {
            let text = try file.text
            guard let head = text.range(of: "enum \(type) {") else { continue }
            let body = text[head.upperBound...].prefix { $0 != "}" }
            return Set(body.matches(of: #/static let \w+ = "([^"]+)"/#).map { String($0.1) })
        }
        return []
    }
}
