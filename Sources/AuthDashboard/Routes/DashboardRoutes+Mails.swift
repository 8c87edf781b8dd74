// SPDX-License-Identifier: Apache-2.0
import AuthServer
import AuthSignals
import Hummingbird

/// The answer of `GET /dashboard/mails`.
private struct MailList: Encodable {
    var mails: [MailItem]
    var note: String?
}

extension DashboardRoutes {
    func addMails() {
        let place = dashboard.subject.mails
        get("mails") { _, _ in
            switch place {
            case .folder(let path):
                return try .dashboard(MailList(mails: await MailFolder(path: path).newest()))
            case .elsewhere(let text): return try .dashboard(MailList(mails: [], note: text))
            }
        }
        get("mails/:id") { _, context in
            guard case .folder(let path) = place, let id = context.parameters.get("id"),
                let mail = await MailFolder(path: path).mail(id)
            else { throw DashboardError(.notFound, "the mail does not exist") }
            return try .dashboard(mail)
        }
        get("mails/:id/html") { _, context in
            guard case .folder(let path) = place, let id = context.parameters.get("id"),
                let html = await MailFolder(path: path).html(id)
            else { throw DashboardError(.notFound, "the mail does not exist") }
            // No scripts, no forms, no other resources, and an origin of its own; a link opens in another tab.
            return .dashboard(
                ByteBuffer(
                    string: html.replacing(
                        "<head>", with: "<head><base target=\"_blank\">", maxReplacements: 1)),
                type: "text/html; charset=utf-8",
                policy: """
                    default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; \
                    sandbox allow-popups allow-popups-to-escape-sandbox
                    """)
        }
    }
}
