// SPDX-License-Identifier: Apache-2.0

/// The catalogue as aligned columns.
struct CatalogTable {
    var schemas: [SignalSchema]

    var text: String {
        let head = ["SIGNAL", "DATA BEYOND request", "SENT WHEN"]
        let rows =
            [head]
            + schemas.map { [$0.name.rawValue, $0.membersBeyondRequest.joined(separator: ", "), $0.summary] }
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}

extension SignalSchema {
    /// The names of the members of `data` except `request`, which every signal has. `?` marks an optional member.
    var membersBeyondRequest: [String] {
        topMembers.filter { $0.path != "request" }.map { $0.path + ($0.isRequired ? "" : "?") }
    }
}
