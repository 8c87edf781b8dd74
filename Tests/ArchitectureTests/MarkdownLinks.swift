// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Links of Markdown files, with the anchors that forges give to headings.
enum MarkdownLinks {
    /// The text without code.
    static func prose(_ text: String) -> String {
        text.replacing(#/```[^\n]*\n(?:.*\n)*?\s*```/#, with: "").replacing(#/`[^`\n]*`/#, with: "")
    }

    /// Whether a relative link leads to a file, and its fragment to a heading of that file.
    static func exists(_ link: String, in file: Repository.File) throws -> Bool {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let folder = Repository.root.appending(path: file.path).deletingLastPathComponent()
        let target =
            parts[0].isEmpty
            ? Repository.root.appending(path: file.path)
            : folder.appending(path: String(parts[0])).standardizedFileURL
        guard FileManager.default.fileExists(atPath: target.path) else { return false }
        guard parts.count == 2, target.pathExtension == "md" else { return true }
        return anchors(try String(contentsOf: target, encoding: .utf8)).contains(String(parts[1]))
    }

    private static func anchors(_ text: String) -> Set<String> {
        let withoutBlocks = text.replacing(#/```[^\n]*\n(?:.*\n)*?\s*```/#, with: "")
        let headings = withoutBlocks.matches(of: #/^#+ (.*)$/#.anchorsMatchLineEndings())
        return Set(
            headings.map { heading in
                // The text of a link, and no marks.
                String(heading.1).replacing(#/\[([^\]]*)\]\([^)]*\)/#) { $0.1 }.lowercased()
                    .filter { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == " " }
                    .replacing(" ", with: "-")
            })
    }
}
