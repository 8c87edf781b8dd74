// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthServiceKit
import AuthFlows
import AuthSignals
import AuthStore
import Foundation

struct MailListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List failed mails with the reasons.")

    @Flag(help: "Include the recipients.")
    var full = false

    @Flag(help: "Print one JSON object per line.")
    var json = false

    func run() async throws {
        for mail in try await OutboxCommand.store().failedMails() {
            let line = MailLine(mail, full: full)
            if json {
                printLine(try line.jsonText())
            } else {
                let parts = [
                    line.failedAt, line.id, line.template ?? "sealed with an unknown key", line.to,
                    "attempts \(line.attempts)", line.reason,
                ]
                printLine(parts.compactMap(\.self).joined(separator: "  "))
            }
        }
    }
}

/// The output for a failed mail, without its text.
private struct MailLine: Encodable {
    var id: String
    var template: String?
    var to: String?
    var queuedAt: String
    var failedAt: String
    var attempts: Int
    var reason: String?

    init(_ mail: FailedMail, full: Bool) {
        id = mail.id.wireText
        template = mail.draft?.template.rawValue
        to = full ? mail.draft?.to : nil
        queuedAt = mail.queuedAt.wireText
        failedAt = mail.failedAt.wireText
        attempts = mail.attempts
        reason = mail.reason
    }

    private enum CodingKeys: String, CodingKey {
        case id, template, to, queuedAt = "queued_at", failedAt = "failed_at", attempts, reason
    }
}
