// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension AccountPages {
    /// `sessions/`: the caller's sessions, each with a button that ends it, and a button that ends all but this one.
    func addSessions<Context>(to routes: PageRoutes<Context>) {
        routes.form("sessions") { call in
            try await call.sessionsPage()
        } submit: { call in
            try await call.endSessions()
        }
    }
}

extension PageCall {
    private static let sessionsPath = "/accounts/sessions/"

    fileprivate func sessionsPage() async throws -> Page {
        try await page(try await accounts.sessions.list(flowContext)) {
            .refusing($0)
        } success: { list in
            var page = Page(title: .sessions)
            let items = list.sessions.map { item($0, isCurrent: $0.id == list.current) }
            page.content = "<ul class=\"items\">\n\(items)</ul>\n"
            if list.sessions.count > 1 {
                page.forms = [
                    PageForm(
                        [.hidden("action_others", "1")], button: .endOtherSessions,
                        action: Self.sessionsPath, emphasis: .danger)
                ]
            }
            page.links = [PageLink(.logOut, "/accounts/logout/"), PageLink(.account, "/accounts/")]
            return page
        }
    }

    private func item(_ session: Session, isCurrent: Bool) -> HTML {
        let device = DeviceName(userAgent: session.userAgent).text ?? .unknownDevice
        let current: HTML = isCurrent ? "<span class=\"tag\">\(.thisSession)</span>\n" : ""
        let address: HTML = session.ip.map { "<br>\(.ipAddress): \($0)" } ?? ""
        let form = PageForm(
            [.hidden("session", session.id.wireText)], button: .endSession, action: Self.sessionsPath,
            emphasis: .danger, buttonLabel: .endSession(device))
        let button: HTML = isCurrent ? "" : "<div class=\"actions\">\n\(form)</div>"
        return """
            <li><strong>\(device)</strong>
            \(current)<p class="muted">\(.loggedInAt): \(time(session.createdAt))<br>\(.lastSeenAt): \(
                time(session.lastSeenAt))\(address)</p>
            \(button)</li>

            """
    }

    /// A time to the minute, in UTC: the server does not know the user's time zone.
    private func time(_ date: Date) -> HTML {
        let text = date.wireText
        let shown = String(text.prefix(16)).replacing("T", with: " ")
        return "<time datetime=\"\(text)\">\(shown) UTC</time>"
    }

    fileprivate func endSessions() async throws -> Page {
        let wanted: [Session.ID]
        if form["action_others"] != nil {
            let list = try await accounts.sessions.list(flowContext)
            guard case .success(let list) = list else { return try await sessionsPage() }
            wanted = list.sessions.map(\.id).filter { $0 != list.current }
        } else {
            guard let id = UUID(uuidString: form["session"] ?? "") else {
                return .redirect(to: Self.sessionsPath)
            }
            wanted = [id]
        }
        let result = try await accounts.sessions.end(wanted, flowContext)
        // The session has ended already, for example by a second click.
        if case .refused = result { return .redirect(to: Self.sessionsPath) }
        return try await page(result) { _ in
            try await sessionsPage()
        } success: { _ in
            .redirect(
                to: Self.sessionsPath, form["action_others"] == nil ? .sessionEnded : .sessionsEnded)
        }
    }
}

/// A short name of a device and its browser, made from a `User-Agent`, which says little that is certain.
struct DeviceName {
    let text: PageText?

    /// In this order: most browsers also name others, to which they are compatible.
    private static let browsers = [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ]
    private static let systems = [
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    ]

    /// - Parameter userAgent: any text; nil or empty if the client sent none.
    init(userAgent: String?) {
        guard let userAgent, !userAgent.isEmpty else {
            text = nil
            return
        }
        let browser = Self.browsers.first { userAgent.contains($0.0) }?.1
        let system = Self.systems.first { userAgent.contains($0.0) }?.1
        switch (browser, system) {
        case (let browser?, let system?): text = .browser(browser, on: system)
        case (let name?, nil), (nil, let name?): text = .verbatim(name)
        case (nil, nil): text = .verbatim(userAgent.cut(toUTF8Bytes: 80))
        }
    }
}
