// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

/// A server with its pages, and a browser.
struct Site {
    let installation: Installation
    let server: Server
    let base: String
    let browser: Chromium
    let password = "correct-horse-battery"

    /// Starts both, and stops both after the body.
    ///
    /// - Parameter broker: the URL of the broker; nil for the node that the tests share.
    static func open(
        _ settings: [String: String] = [:], broker: String? = nil, blocksCookies: Bool = false,
        _ body: (Site) async throws -> Void
    ) async throws {
        let port = try TestTools.freePort()
        let base = "http://127.0.0.1:\(port)"
        let url: String
        if let broker { url = broker } else { url = try await PrivateBroker.shared.url }
        let installation = try await Installation(
            broker: url,
            settings: [
                "HTTP_PORT": "\(port)", "PUBLIC_URL": base, "SITE_NAME": "Example",
                "ACCOUNT_EMAIL_VERIFICATION": "optional",
            ].merging(settings) { $1 })
        let server = try await installation.serve()
        try await Chromium.browsing(blocksCookies: blocksCookies) { browser in
            try await body(
                Site(installation: installation, server: server, base: base, browser: browser))
            // A page that its own policy hinders, or a missing file, is an error in the browser's log.
            let errors = try await browser.errors()
            #expect(errors == [], "\(errors)")
        }
        try await server.program.stop()
    }

    func signUp(_ email: String = "ada@example.org") async throws {
        try await browser.open(base + "/accounts/signup/")
        try await browser.submit(["email": email, "password": password])
        try await browser.waits(for: "You are logged in as \(email).")
    }

    func logIn(_ email: String = "ada@example.org", password: String) async throws {
        try await browser.open(base + "/accounts/login/?restart")
        try await browser.submit(["email": email, "password": password])
    }
}
