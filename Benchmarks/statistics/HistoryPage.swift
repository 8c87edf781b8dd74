// SPDX-License-Identifier: Apache-2.0

/// The section "History" of a Markdown page: one subsection for each run, the newest first.
package enum HistoryPage {
    package static let heading = "## History"

    /// Inserts an entry before the older entries of the section.
    ///
    /// - Parameters:
    ///   - entry: Markdown that starts with a heading of level 3.
    ///   - page: the whole page. If it does not have the section, the section is added at its end.
    /// - Returns: the page with the entry; nothing else of the page is changed.
    package static func inserting(_ entry: String, into page: String) -> String {
        var lines = page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // The last element is the empty text after the final line feed.
        if lines.last == "" { lines.removeLast() }
        let text = entry.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var added = text
        while added.last == "" { added.removeLast() }
        guard let section = lines.firstIndex(of: heading) else {
            return (lines + ["", heading, ""] + added + [""]).joined(separator: "\n")
        }
        // What stands between the heading and the first entry or the next section is the section's introduction.
        let rest = lines[(section + 1)...]
        guard let place = rest.firstIndex(where: { $0.hasPrefix("### ") || $0.hasPrefix("## ") }) else {
            return (lines + [""] + added + [""]).joined(separator: "\n")
        }
        lines.insert(contentsOf: added + [""], at: place)
        return (lines + [""]).joined(separator: "\n")
    }
}
