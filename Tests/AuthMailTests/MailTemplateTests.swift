// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthMail

@Suite struct MailTemplateTests {
    private func render(_ source: String, _ values: [String: String], html: Bool = false) throws -> String {
        try MailTemplate(source).render(values, escapesHTML: html)
    }

    @Test func `replaces placeholders with values`() throws {
        #expect(try render("a {{ x }} b {{y}} c", ["x": "1", "y": "2"]) == "a 1 b 2 c")
    }

    @Test func `omits a section if its value is missing or empty`() throws {
        let source = "a{% if x %}[{{ x }}]{% endif %}b"
        #expect(try render(source, ["x": "1"]) == "a[1]b")
        #expect(try render(source, [:]) == "ab")
        #expect(try render(source, ["x": ""]) == "ab")
    }

    @Test func `sections can be nested`() throws {
        let source = "{% if x %}x{% if y %}y{% endif %}z{% endif %}"
        #expect(try render(source, ["x": "1", "y": "1"]) == "xyz")
        #expect(try render(source, ["x": "1"]) == "xz")
        #expect(try render(source, ["y": "1"]) == "")
    }

    @Test func `a tag alone on a line leaves no empty line`() throws {
        #expect(try render("a\n{% if x %}\nb\n{% endif %}\nc\n", ["x": "1"]) == "a\nb\nc\n")
        #expect(try render("a\n  {% if x %}\nb\n  {% endif %}\nc\n", [:]) == "a\nc\n")
    }

    @Test func `escapes values in HTML only`() throws {
        let hostile = "<script>\"'&"
        #expect(try render("{{ x }}", ["x": hostile], html: true) == "&lt;script&gt;&quot;&#39;&amp;")
        #expect(try render("{{ x }}", ["x": hostile]) == hostile)
    }

    @Test func `does not interpret template syntax inside a value`() throws {
        #expect(try render("{{ x }}", ["x": "{{ y }}{% if y %}", "y": "secret"]) == "{{ y }}{% if y %}")
    }

    @Test func `a missing value is an error, not an empty string`() throws {
        let fault = #expect(throws: MailError.self) { try render("go to {{ url }}", [:]) }
        #expect(fault?.code == .incomplete)
        #expect(fault?.message == "the template requires a value for url")
    }

    @Test(arguments: [
        "{{ x", "{% if x %}", "{% endif %}", "{% for x in y %}", "{{ x.y }}", "{{ x|upper }}",
        "{% if x %}{% else %}",
        "{{ }}", "{% if X %}{% endif %}", "{% load i18n %}", "{{ x y }}",
    ])
    func `parsing rejects invalid or unsupported syntax`(source: String) {
        let fault = #expect(throws: MailError.self) { try MailTemplate(source) }
        #expect(fault?.code == .invalidTemplate)
    }

    @Test func `rejects sections nested deeper than 32 levels`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "{% if x %}", count: depth) + "x"
                + String(repeating: "{% endif %}", count: depth)
        }
        #expect(try render(nested(32), ["x": "1"]) == "x")
        for depth in [33, 20_000] {
            let fault = #expect(throws: MailError.self) { try MailTemplate(nested(depth)) }
            #expect(fault?.code == .invalidTemplate)
        }
    }
}
