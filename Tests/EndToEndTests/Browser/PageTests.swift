// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    /// Each test uses the pages as a person does, with a real browser. The mails are read from the mail folder.
    @Suite("The pages in a browser")
    struct PageTests {
        @Test
        func
            `a user signs up, confirms by the mail's link, logs in, and a wrong password is refused beside its field`()
            async throws
        {
            try await Site.open(["ACCOUNT_EMAIL_VERIFICATION": "mandatory"]) { site in
                let browser = site.browser
                try await browser.open(site.base + "/")
                #expect(try await browser.address == site.base + "/accounts/login/")
                try await browser.click("a[href^='/accounts/signup/']")
                // A refused form keeps the address, but not the password.
                try await browser.submit(["email": "ada@example.org", "password": "short"])
                try await browser.waits(for: "at least")
                #expect(try await browser.value(of: "email") == "ada@example.org")
                #expect(try await browser.value(of: "password") == "")
                #expect(try await browser.has("input[name=password][aria-invalid=true][aria-describedby]"))
                #expect(
                    try await browser.evaluate("return document.activeElement.name") == "password",
                    "the field with the error has the focus")
                try await browser.submit(["password": site.password])
                try await browser.waits(for: "ada@example.org")
                #expect(try await browser.address.hasSuffix("/accounts/confirm-email/"))

                // The link of the mail is opened in the same browser: its log-in waits for it.
                let key = try await eventualValue("the confirmation is mailed") {
                    site.installation.newestConfirmationKey()
                }
                try await browser.open(site.base + "/accounts/confirm-email/" + key)
                try await browser.click("main form button")
                try await site.logIn(password: "not-the-password")
                #expect(try await browser.has("[role=alert], [aria-invalid=true]"))
                #expect(try await browser.value(of: "email") == "ada@example.org")
                try await browser.submit(["password": site.password])
                try await browser.waits(for: "You are logged in as ada@example.org.")
                #expect(try await browser.address == site.base + "/accounts/")
            }
        }

        @Test func `a forgotten password is reset by the mail's link`() async throws {
            try await Site.open { site in
                try await site.signUp()
                try await site.browser.deleteCookies()
                let browser = site.browser
                try await browser.open(site.base + "/accounts/login/")
                try await browser.click("a[href^='/accounts/password/reset/']")
                try await browser.submit(["email": "ada@example.org"])
                let key = try await eventualValue("the link is mailed") {
                    site.installation.mails().reversed().lazy
                        .compactMap { $0.firstMatch(of: /\/password\/reset\/([A-Za-z0-9_-]+)/) }
                        .first.map { String($0.1) }
                }
                try await browser.open(site.base + "/accounts/password/reset/" + key)
                try await browser.submit(["password": "12345678"])
                #expect(try await browser.has("input[name=password][aria-invalid=true]"))
                try await browser.submit(["password": "another-horse-staple"])
                try await browser.waits(for: "assword")
                try await browser.open(site.base + "/accounts/logout/")
                if try await browser.has("main form button") { try await browser.click("main form button") }
                try await site.logIn(password: "another-horse-staple")
                try await browser.waits(for: "You are logged in as ada@example.org.")
                // The link works once.
                try await browser.open(site.base + "/accounts/password/reset/" + key)
                try await browser.waits(for: "This link is not valid")
            }
        }

        @Test func `a second address is added, confirmed and made primary, and the first one removed`()
            async throws
        {
            try await Site.open { site in
                try await site.signUp()
                let browser = site.browser
                try await browser.open(site.base + "/accounts/email/")
                let first = site.installation.newestConfirmationKey()
                try await browser.submit(["email": "lovelace@example.org"])
                try await browser.waits(for: "lovelace@example.org")
                let key = try await eventualValue("the confirmation is mailed") {
                    site.installation.newestConfirmationKey().flatMap { $0 == first ? nil : $0 }
                }
                try await browser.open(site.base + "/accounts/confirm-email/" + key)
                try await browser.click("main form button")
                try await browser.open(site.base + "/accounts/email/")
                try await browser.click("button[aria-label*='lovelace@example.org'][aria-label*='rimary']")
                try await browser.waits(for: "lovelace@example.org")
                #expect(
                    try await browser.evaluate(
                        "return document.querySelector('.items li:has(.tag:nth-of-type(2)) strong').textContent"
                    ) == "lovelace@example.org")
                try await browser.click("button[aria-label*='ada@example.org'][aria-label*='emove']")
                try await eventually("the first address is gone") {
                    try await !browser.has("button[aria-label*='ada@example.org']")
                }
            }
        }

        @Test
        func `a log-out in another tab leads to the log-in page, and the back button shows nothing private`()
            async throws
        {
            try await Site.open { site in
                try await site.signUp()
                let browser = site.browser
                try await browser.open(site.base + "/accounts/email/")
                try await browser.waits(for: "ada@example.org")
                try await browser.inAnotherTab {
                    try await browser.open(site.base + "/accounts/logout/")
                    try await browser.click("main form button")
                    try await browser.waits(for: "You are logged out.")
                }
                // The form of the first tab belongs to the session that has ended.
                try await browser.submit(["email": "lovelace@example.org"])
                try await browser.waits(for: "Log in")
                #expect(try await browser.address.contains("/accounts/login/"))
                try await browser.goBack()
                try await browser.waits(for: "Log in")
                #expect(try await !browser.text.contains("ada@example.org"))
            }
        }

        @Test func `a form that is sent twice makes one account and ends at its page`() async throws {
            try await Site.open { site in
                let browser = site.browser
                try await browser.open(site.base + "/accounts/signup/")
                try await browser.fill("email", "ada@example.org")
                try await browser.fill("password", site.password)
                // The browser drops the first response, and waits for the second one.
                _ = try await browser.evaluate(
                    """
                    const form = document.querySelector("main form");
                    form.submit();
                    setTimeout(() => form.submit(), 20);
                    """)
                try await browser.waits(for: "You are logged in as ada@example.org.")
                let users = try await site.installation.operate(["users", "list", "--json"])
                #expect(users.lines.count == 1, "\(users.output)")
            }
        }

        @Test func `a form that has expired is shown again with its values`() async throws {
            try await Site.open { site in
                let browser = site.browser
                try await browser.open(site.base + "/accounts/signup/")
                try await browser.deleteCookies()
                // Another page gives the browser a session cookie of its own.
                try await browser.inAnotherTab { try await browser.open(site.base + "/accounts/login/") }
                try await browser.submit(["email": "ada@example.org", "password": site.password])
                try await browser.waits(for: "This page was open for too long")
                #expect(try await browser.value(of: "email") == "ada@example.org")
                try await browser.submit(["password": site.password])
                try await browser.waits(for: "You are logged in as ada@example.org.")
            }
        }

        @Test func `a browser without cookies gets an explanation`() async throws {
            try await Site.open(blocksCookies: true) { site in
                try await site.browser.open(site.base + "/accounts/login/")
                try await site.browser.submit(["email": "ada@example.org", "password": site.password])
                try await site.browser.waits(for: "Your browser has sent no cookie")
                #expect(try await site.browser.value(of: "email") == "ada@example.org")
            }
        }

        @Test func `a user chooses another language for the pages`() async throws {
            try await Site.open { site in
                try await site.signUp()
                let browser = site.browser
                try await browser.open(site.base + "/accounts/")
                try await browser.click("a[href^='/accounts/language/']")
                try await browser.waits(for: "Your choice: English")
                try await browser.click("form:has(input[name=language][value=de]) button")
                try await browser.waits(for: "Ihre Sprache ist eingestellt.")
                try await browser.open(site.base + "/accounts/")
                try await browser.waits(for: "Sie sind angemeldet als ada@example.org.")
            }
        }

        @Test func `a user signs up with the keyboard only, in German`() async throws {
            try await Site.open { site in
                let browser = site.browser
                try await browser.open(site.base + "/accounts/signup/")
                try await browser.debug("Network.enable", [:])
                try await browser.debug(
                    "Network.setExtraHTTPHeaders", ["headers": ["Accept-Language": "de-AT,de;q=0.9,en;q=0.5"]]
                )
                try await browser.reload()
                try await browser.waits(for: "Konto anlegen")
                #expect(try await browser.evaluate("return document.documentElement.lang") == "de")
                let order = try await browser.focusOrder()
                let email = try #require(order.firstIndex(of: "email"))
                #expect(order.dropFirst(email).prefix(3) == ["email", "password", "button"])
                try await browser.submit(["email": "ada@example.org", "password": site.password])
                try await browser.waits(for: "Sie sind angemeldet als ada@example.org.")
                let mail = try await eventualValue("the confirmation is mailed") {
                    site.installation.mails().last
                }
                #expect(mail.contains("Content-Language: de"))
            }
        }
    }
}
