// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthDashboard

@Suite struct DashboardPageTests {
    private let html = String(decoding: PackageResources.dashboard_html, as: UTF8.self)
    private let css = String(decoding: PackageResources.dashboard_css, as: UTF8.self)
    private let scripts = [
        PackageResources.charts_js, PackageResources.dashboard_js, PackageResources.lists_js,
    ].map { String(decoding: $0, as: UTF8.self) }

    @Test(arguments: ["<style", " style=", " onclick=", " onload=", "javascript:", "https://", "//cdn"])
    func `the page has nothing inline and nothing of another host`(text: String) {
        #expect(!html.contains(text))
        #expect(!css.contains(text))
    }

    @Test func `the page has one script, one stylesheet and one place for the token`() {
        #expect(html.ranges(of: "<script").count == 1)
        #expect(html.contains(#"<script src="page.js" defer></script>"#))
        #expect(html.ranges(of: #"rel="stylesheet""#).count == 1)
        #expect(html.ranges(of: "CSRF_TOKEN").count == 1)
    }

    @Test(arguments: [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
    ])
    func `the scripts insert data as text only`(text: String) {
        for script in scripts { #expect(!script.contains(text)) }
    }

    @Test func `the scripts can be joined, and every element that they use exists`() {
        for script in scripts {
            #expect(script.hasSuffix("\n"))
            for match in script.matches(of: /find\("([a-z-]+)"\)/) {
                #expect(html.contains("id=\"\(match.output.1)\""), "\(match.output.1)")
            }
        }
    }
}
