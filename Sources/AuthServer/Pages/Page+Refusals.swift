// SPDX-License-Identifier: Apache-2.0
import AuthFlows

extension HTML {
    /// The reasons why a button did nothing; empty without reasons.
    static func alert(_ refusals: [Refusal]) -> HTML {
        guard !refusals.isEmpty else { return "" }
        let messages: [HTML] = refusals.map { "<p>\($0)</p>\n" }
        return "<div class=\"message bad\" role=\"alert\">\n\(messages)</div>\n"
    }
}

extension Page {
    /// A page with nothing but the reasons for a refusal.
    static func refusing(_ refusals: [Refusal]) -> Page {
        Page(title: .wentWrong, content: .alert(refusals))
    }
}
