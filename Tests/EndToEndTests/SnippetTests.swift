// SPDX-License-Identifier: Apache-2.0
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("The examples of the documentation")
    struct SnippetTests {
        @Test func `an application's rows, our rows and the signals of both commit together or not at all`()
            async throws
        {
            let snippet = try Program("EmbedInYourApp", [], environment: [:])
            #expect(try await snippet.exitCode() == 0, "\(snippet.log)")
            #expect(
                snippet.output == """
                    customers 1, invoices 1, signals account.user_signed_up account.user_logged_in billing.invoice_paid

                    """)
        }

        @Test(arguments: [
            ("HandleSignals", "[\"welcome\"]\n"), ("LogSomebodyIn", "welcome ada@example.org\n"),
            ("TestYourHandlers", "[\"recorder\"]\n"),
        ])
        func `an example runs and prints what it says`(name: String, output: String) async throws {
            let snippet = try Program(name, [], environment: [:])
            #expect(try await snippet.exitCode() == 0, "\(snippet.log)")
            #expect(snippet.output == output)
        }

        @Test func `the readme shows the examples as they are`() throws {
            let readme = try String(contentsOf: Repository.root.appending(path: "README.md"), encoding: .utf8)
            for (name, code) in Self.examples(in: readme) {
                let snippet = try String(
                    contentsOf: Repository.root.appending(path: "Snippets/\(name).swift"), encoding: .utf8)
                #expect(snippet.contains(code), "\(name) and the README differ")
            }
            #expect(Self.examples(in: readme).count >= 3)
        }

        /// The Swift blocks that follow the mention of a snippet.
        private static func examples(in text: String) -> [(String, String)] {
            text.matches(of: /Snippets\/(\w+)\.swift\)\):\n\n```swift\n((?:.|\n)*?)```/).map {
                (String($0.1), String($0.2))
            }
        }
    }
}
