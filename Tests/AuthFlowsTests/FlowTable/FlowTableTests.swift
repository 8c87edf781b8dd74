// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct FlowTableTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../docs/flow-signals.md").standardizedFileURL

    private static let head = """
        # Which signals each flow emits

        Written by a test from runs of the flows (`AUTH_SIGNALS_WRITE_GOLDEN=1 swift test --filter FlowTableTests`).
        `→` separates the signals of one call, in order; `‖` separates calls; `—` is a call that emits no signal. Signal
        names are without their first word. `email_confirmation_sent` is emitted when the mail transport has
        accepted the mail: its position among the other signals is not guaranteed.


        """

    @Test func `the documentation lists the signals that the flows emit`() async throws {
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
