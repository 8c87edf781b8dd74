// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Which signals a flow emits under which settings, recorded from runs of the flows.
struct FlowTable {
    /// A flow that is run call by call.
    struct Row: Sendable {
        /// What the client does.
        var flow: String
        /// The settings that differ from the defaults.
        var setting: String
        /// Runs the flow.
        ///
        /// - Returns: the signals of each call.
        var run: @Sendable () async throws -> [[String]]

        init(_ flow: String, _ setting: String = "", _ run: @escaping @Sendable () async throws -> [[String]])
        {
            self.flow = flow
            self.setting = setting
            self.run = run
        }
    }

    var title: String
    var rows: [Row]

    /// The table in Markdown.
    func markdown() async throws -> String {
        var lines = ["## \(title)", "", "| flow | settings | signals |", "| --- | --- | --- |"]
        for row in rows {
            let steps = try await row.run().map { said in
                said.isEmpty ? "—" : said.map { "`\(Self.brief($0))`" }.joined(separator: " → ")
            }
            let setting = row.setting.isEmpty ? "" : "`\(row.setting)`"
            lines.append("| \(row.flow) | \(setting) | \(steps.joined(separator: " ‖ ")) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A signal without the values that differ between runs.
    private static func brief(_ said: String) -> String {
        let parts = said.split(separator: ": ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return said }
        let words = parts[1].split(separator: " ").map(String.init)
        let kept = words.filter {
            [
                "password", "code", "password_reset", "reauthenticated", "signup", "link", "socialaccount",
                "denied", "redirected", "connected", "connect", "redirect",
                // The reasons of `login_failed` and `session_ended`.
                "unknown_user", "wrong_password", "inactive_user", "logged_out", "password_changed",
                "ended_by_user", "ended_by_operator", "address_proved", "deactivated", "deleted", "expired",
            ].contains($0)
        }
        if parts[0].hasSuffix("_rejected") { return "\(parts[0])(\(parts[1]))" }
        return kept.isEmpty ? parts[0] : "\(parts[0])(\(kept.joined(separator: ", ")))"
    }
}
