// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A text with placeholders: `{{ name }}` is a value, and `{% if name %}…{% endif %}` is omitted if the value is missing
/// or empty. The syntax is a small subset of Django's. ``MailTemplates`` resolves `{% extends "frame.html" %}`.
///
/// Written by hand, since two constructs suffice, and a template engine would be a dependency for them.
///
/// A line that contains only one `{% … %}` tag is removed from the output.
struct MailTemplate: Sendable, Hashable {
    private indirect enum Node: Sendable, Hashable {
        case text(String)
        case value(String)
        case section(String, [Node])
    }

    /// How deep `if`s may be nested: parsing and rendering them is recursive.
    private static let largestDepth = 32

    private let nodes: [Node]
    /// The names of all values that the template uses.
    let names: Set<String>

    /// - Throws: ``MailError/Code/invalidTemplate`` with the line and what is wrong there.
    init(_ source: String) throws(MailError) {
        var parser = Parser(rest: Self.withoutTagLines(source)[...])
        nodes = try parser.nodes(inside: nil, depth: 0)
        names = parser.names
    }

    /// Renders the template with values.
    ///
    /// - Parameter escapesHTML: whether values are escaped for HTML.
    /// - Throws: ``MailError/Code/incomplete`` if a value is missing outside an `if`: a mail without its link is
    ///   useless.
    func render(_ values: [String: String], escapesHTML: Bool) throws(MailError) -> String {
        var result = ""
        try Self.render(nodes, values, escapesHTML: escapesHTML, into: &result)
        return result
    }

    private static func render(
        _ nodes: [Node], _ values: [String: String], escapesHTML: Bool, into result: inout String
    ) throws(MailError) {
        for node in nodes {
            switch node {
            case .text(let text): result += text
            case .value(let name):
                guard let value = values[name], !value.isEmpty else {
                    throw MailError(.incomplete, "the template requires a value for \(name)")
                }
                result += escapesHTML ? escaped(value) : value
            case .section(let name, let inner):
                guard let value = values[name], !value.isEmpty else { continue }
                try render(inner, values, escapesHTML: escapesHTML, into: &result)
            }
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Joins lines that contain only one `{% … %}` with the line after them.
    private static func withoutTagLines(_ source: String) -> String {
        let lines = source.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n")
        var result = ""
        for (index, line) in lines.enumerated() {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            let isTag =
                trimmed.hasPrefix("{%") && trimmed.hasSuffix("%}")
                && trimmed.components(separatedBy: "{%").count == 2
            if isTag {
                result += trimmed
            } else {
                result += index < lines.count - 1 ? line + "\n" : line
            }
        }
        return result
    }

    private struct Parser {
        var rest: Substring
        var names: Set<String> = []

        init(rest: Substring) { self.rest = rest }

        /// Parses up to the end, or up to the `endif` of the open section.
        mutating func nodes(inside section: String?, depth: Int) throws(MailError) -> [Node] {
            guard depth <= MailTemplate.largestDepth else {
                throw MailError(
                    .invalidTemplate, "ifs are nested more than \(MailTemplate.largestDepth) levels deep")
            }
            var nodes: [Node] = []
            while let (start, isValue) = nextTag {
                nodes.append(.text(String(rest[..<start])))
                rest = rest[start...].dropFirst(2)
                guard let close = rest.firstRange(of: isValue ? "}}" : "%}") else {
                    throw MailError(.invalidTemplate, "a tag is not closed")
                }
                let words = rest[..<close.lowerBound].split(whereSeparator: \.isWhitespace).map(String.init)
                rest = rest[close.upperBound...]
                switch (isValue, words.count, words.first ?? "") {
                case (true, 1, let name): nodes.append(.value(try noted(name)))
                case (false, 2, "if"):
                    let name = try noted(words[1])
                    nodes.append(.section(name, try self.nodes(inside: name, depth: depth + 1)))
                case (false, 1, "endif") where section != nil: return nodes
                case (false, 1, "endif"): throw MailError(.invalidTemplate, "an endif without an if")
                default:
                    throw MailError(
                        .invalidTemplate,
                        "only {{ name }}, {% if name %} and {% endif %} are supported, not "
                            + "\"\(words.joined(separator: " "))\"")
                }
            }
            if let section { throw MailError(.invalidTemplate, "the if of \(section) is missing its endif") }
            nodes.append(.text(String(rest)))
            rest = ""
            return nodes
        }

        /// Where the next `{{` or `{%` begins, and whether it is a value. Not a `Regex`, because compiling regular
        /// expressions took more time than everything else that a server does when it starts.
        private var nextTag: (start: Substring.Index, isValue: Bool)? {
            var scalars = rest.unicodeScalars[...]
            while let brace = scalars.firstIndex(of: "{") {
                scalars = scalars[brace...].dropFirst()
                switch scalars.first {
                case "{": return (brace, true)
                case "%": return (brace, false)
                default: continue
                }
            }
            return nil
        }

        /// Whether a text is a letter from a to z, followed by such letters, digits and underscores.
        private static func isName(_ text: String) -> Bool {
            let isFirst = text.utf8.first.map { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 } ?? false
            return isFirst
                && text.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                    default: byte == UInt8(ascii: "_")
                    }
                }
        }

        private mutating func noted(_ name: String) throws(MailError) -> String {
            guard Self.isName(name) else {
                throw MailError(.invalidTemplate, "\"\(name)\" is not a valid value name")
            }
            names.insert(name)
            return name
        }
    }
}
