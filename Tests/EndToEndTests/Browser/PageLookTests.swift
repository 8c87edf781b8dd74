// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    /// What can be measured of how the pages look, narrow and wide, light and dark. With `AUTH_TEST_SCREENSHOTS=FOLDER`
    /// it also writes a picture of each page for people to look at.
    @Suite("The look of the pages")
    struct PageLookTests {
        /// The elements whose text contrasts less with its background than WCAG 2.2 (1.4.3, level AA) demands.
        private static let faint = """
            const parse = (text) => text.match(/[\\d.]+/g).map(Number);
            const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
            const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
            const background = (element) => {
                for (let e = element; e; e = e.parentElement) {
                    const color = parse(getComputedStyle(e).backgroundColor);
                    if (color.length < 4 || color[3] > 0.99) return color;
                }
                return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
            };
            const faint = [];
            for (const element of document.querySelectorAll("body *")) {
                const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
                const box = element.getBoundingClientRect();
                if (!own && element.localName !== "input" || box.width < 2 || box.height < 2) continue;
                const style = getComputedStyle(element);
                const [a, b] = [light(parse(style.color)), light(background(element))];
                const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                const size = parseFloat(style.fontSize);
                const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
                if (contrast < (large ? 3 : 4.5))
                    faint.push(`${element.localName} "${element.textContent.trim()}" ${contrast.toFixed(2)}`);
            }
            return faint;
            """
        /// The visible fields without a label.
        private static let unlabelled = """
            return [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
                .filter((e) => !e.labels.length && !e.getAttribute("aria-label")).map((e) => e.name);
            """
        private static let isTooWide = "return document.documentElement.scrollWidth > window.innerWidth"

        private func look(_ name: String, _ site: Site) async throws {
            for view in Chromium.View.all {
                try await site.browser.show(view)
                let (faint, wide) = (
                    try await site.browser.evaluate(Self.faint),
                    try await site.browser.evaluate(Self.isTooWide)
                )
                #expect(faint == [], "\(name) \(view)")
                #expect(wide == false, "\(name) \(view)")
                try await site.browser.photograph("\(name)-\(view)")
            }
            let unlabelled = try await site.browser.evaluate(Self.unlabelled)
            #expect(unlabelled == [], "\(name)")
            let headings = try await site.browser.evaluate(
                "return document.querySelectorAll('h1').length === 1 && document.title !== ''")
            #expect(headings == true, "\(name)")
        }

        @Test func `every page can be read: narrow and wide, light and dark, with labels`() async throws {
            try await Site.open([
                "ACCOUNT_LOGIN_BY_CODE_ENABLED": "true", "SOCIALACCOUNT_DUMMY": "true",
            ]) { site in
                let browser = site.browser
                for path in ["login", "signup", "password/reset", "login/code", "confirm-email/spent"] {
                    try await browser.open(site.base + "/accounts/\(path)/")
                    try await look(path.replacing("/", with: "-"), site)
                }
                try await browser.open(site.base + "/accounts/signup/")
                try await browser.submit(["email": "ada", "password": "1"])
                try await look("signup-refused", site)
                try await site.signUp()
                try await look("account", site)
                for path in [
                    "email", "password/change", "sessions", "3rdparty", "language", "reauthenticate",
                    "logout",
                ] {
                    try await browser.open(site.base + "/accounts/\(path)/")
                    try await look(path.replacing("/", with: "-"), site)
                }
            }
        }
    }
}
