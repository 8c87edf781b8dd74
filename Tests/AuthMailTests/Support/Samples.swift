// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthSignals
import Foundation

/// Mails for tests, the same in every run.
enum Samples {
    static let id = UUID(uuid: (1, 153, 240, 194, 0, 0, 112, 0, 128, 0, 0, 0, 0, 0, 0, 1))
    static let date = Date(timeIntervalSince1970: 1_795_420_800.123)  // 2026-11-23T08:00:00.123Z

    /// A value for every placeholder of the built-in templates.
    static let values = [
        "email": "ann@example.org", "username": "ann", "url": "https://accounts.example.org/verify-email/KEY",
        "code": "BCDF-GHJK", "password_reset_url": "https://accounts.example.org/password/reset",
        "signup_url": "https://accounts.example.org/signup", "ip": "192.0.2.7", "user_agent": "Browser/1.0",
        "timestamp": "2026-11-23 08:00 UTC", "from_email": "old@example.org", "to_email": "new@example.org",
        "provider": "Example Social",
    ]

    static func settings() throws -> MailSettings {
        var settings = MailSettings(
            from: try MailAddress(name: "Example", address: "accounts@example.org"))
        settings.siteName = "Example"
        return settings
    }

    static func renderer() throws -> MailRenderer { try MailRenderer(settings()) }

    static func queued(
        _ template: MailDraft.Template = .emailConfirmation, id: UUID = Samples.id,
        to: String = "ann@example.org", values: [String: String] = Samples.values, attempts: Int = 0,
        queuedAt: Date = Samples.date, language: Language? = nil
    ) -> QueuedMail {
        QueuedMail(
            id: id, draft: MailDraft(template, to: to, values: values, language: language),
            queuedAt: queuedAt,
            attempts: attempts)
    }

    /// A mail ready to be sent.
    static func rendered(to: String = "ann@example.org", id: UUID = UUID.version7()) throws -> RenderedMail {
        try renderer().render(queued(id: id, to: to))
    }
}
