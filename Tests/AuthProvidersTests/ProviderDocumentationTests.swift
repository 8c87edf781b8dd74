// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthProviders

@Suite struct ProviderDocumentationTests {
    /// `AUTH_SIGNALS_WRITE_GOLDEN=1` rewrites the table.
    @Test func `the table in docs/providers.md matches the definitions`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/providers.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- table -->\n"))
        let end = try #require(text.range(of: "\n<!-- end -->"))
        if ProcessInfo.processInfo.environment["AUTH_SIGNALS_WRITE_GOLDEN"] != nil {
            let new = text[..<begin.upperBound] + ProviderKind.table + text[end.lowerBound...]
            try Data(new.utf8).write(to: file)
        } else {
            #expect(text[begin.upperBound..<end.lowerBound] == ProviderKind.table)
        }
    }
}
