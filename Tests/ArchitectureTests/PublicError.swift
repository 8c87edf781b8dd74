// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A public error type and its codes, as its source declares them: Swift cannot list the static members of a type.
struct PublicError {
    let name: String
    /// The type of the codes, `Code` or `Cause`.
    var codeType = ""
    var codes: Set<String> = []

    /// Those of all targets.
    static func all() throws -> [PublicError] {
        var found: [PublicError] = []
        for file in Repository.files(under: "Sources", ending: ["swift"]) {
            let text = try file.text
            let declaration =
                #/public (?:struct|enum) (\w+): [^{\n]*\b(?:Error|LoggableError|TemporaryFailure|CodedFailure)\b/#
            for match in text.matches(of: declaration) {
                found.append(PublicError(String(match.1), text[match.range.upperBound...]))
            }
        }
        return found
    }

    private init(_ name: String, _ text: Substring) {
        self.name = name
        guard let head = text.firstMatch(of: #/\n    public struct (Code|Cause): [^\n]*\n/#),
            let end = text[head.range.upperBound...].range(of: "\n    }\n")
        else { return }
        // Another type of the same file may follow.
        let own = text.range(of: "\n}\n")?.lowerBound ?? text.endIndex
        guard head.range.lowerBound < own else { return }
        codeType = String(head.1)
        let body = text[head.range.upperBound..<end.lowerBound]
        if let kinds = body.firstMatch(of: #/enum Kind: String \{\n((?:.*\n)*?) *\}/#) {
            codes = Self.cases(String(kinds.1))
        } else {
            codes = Set(body.matches(of: #/rawValue: "(\w+)"/#).map { String($0.1) })
        }
    }

    /// The raw values of the cases: `case a, b = "c"`, also over several lines.
    private static func cases(_ text: String) -> Set<String> {
        let list = text.replacing(#/\s*\bcase\b\s*/#, with: ",")
        return Set(
            list.split(separator: ",").compactMap { part in
                let part = part.trimmingCharacters(in: .whitespacesAndNewlines)
                if part.isEmpty { return nil }
                return part.firstMatch(of: #/"(\w+)"/#).map { String($0.1) } ?? part
            })
    }
}
