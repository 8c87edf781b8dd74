// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Hummingbird

/// A piece of HTML. Interpolated text is escaped; only literals are markup.
///
/// Texts, paths and forms stay as they are until the page is rendered, because only then its language, the prefix of
/// its paths and the browser's CSRF token are known:
///
/// ```swift
/// let content: HTML = "<p>\(.emailsIntroduction) <a href=\"\(path: "/accounts/email/")\">\(.emails)</a>…</p>"
/// ```
package struct HTML: ExpressibleByStringInterpolation, Sendable {
    enum Piece: Sendable {
        case markup(String)
        case text(PageText)
        case refusal(Refusal)
        /// A path of this server, such as `/accounts/login/`.
        case path(String)
        case form(PageForm)
    }

    private(set) var pieces: [Piece]

    package init(stringLiteral value: String) { pieces = [.markup(value)] }
    package init(stringInterpolation: Interpolation) { pieces = stringInterpolation.pieces }

    /// The markup in English, of a piece without paths and forms.
    package var markup: String {
        var renderer = PageRenderer(language: .english, pathPrefix: "", proof: "")
        return renderer.markup(of: self)
    }

    package struct Interpolation: StringInterpolationProtocol {
        var pieces: [Piece] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount * 2 + 1)
        }

        package mutating func appendLiteral(_ literal: String) { pieces.append(.markup(literal)) }
        package mutating func appendInterpolation(_ text: String) {
            pieces.append(.markup(HTML.escaped(text)))
        }
        package mutating func appendInterpolation(_ html: HTML) { pieces += html.pieces }
        package mutating func appendInterpolation(_ all: [HTML]) {
            for html in all { pieces += html.pieces }
        }
        mutating func appendInterpolation(_ text: PageText) { pieces.append(.text(text)) }
        mutating func appendInterpolation(_ refusal: Refusal) { pieces.append(.refusal(refusal)) }
        mutating func appendInterpolation(_ form: PageForm) { pieces.append(.form(form)) }
        mutating func appendInterpolation(path: String) { pieces.append(.path(path)) }
    }

    /// The text, escaped for an element or a quoted attribute.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension HTML {
    /// Both pieces, one after the other.
    static func + (first: HTML, second: HTML) -> HTML { "\(first)\(second)" }
}
