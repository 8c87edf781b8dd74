// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct FlowTableTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../docs/flow-signals.md").standardizedFileURL

    private static let head = """
        # Which flow says what

        Written by a test from runs of the flows (`AUTH_SIGNALS_WRITE_GOLDEN=1 swift test --filter FlowTableTests`).
        `→` is the order within one call, `‖` stands between calls, `—` is a call that says nothing. Names are without
        their `account.`. `email_confirmation_sent` comes when the mail was accepted by its transport: its place among
        the others is not promised.


        """

    @Test func `the documentation says what the flows say`() async throws {
        var text = Self.head
        for table in FlowTable.all { text += try await table.markdown() + "\n" }
        text = String(text.dropLast())
        if ProcessInfo.processInfo.environment["AUTH_SIGNALS_WRITE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: Self.page)
            return
        }
        #expect(try String(contentsOf: Self.page, encoding: .utf8) == text, "docs/flow-signals.md differs")
    }
}
