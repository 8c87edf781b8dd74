// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing

extension EndToEnd {
    @Suite("The dashboard in a browser")
    struct DashboardTests {
        @Test func `a new user's way can be followed from the sign-up to the worker`() async throws {
            let broker = try await PrivateBroker.start("--management")
            let metrics = try TestTools.freePort()
            let settings = [
                "DASHBOARD": "true", "DASHBOARD_WORKERS": "http://127.0.0.1:\(metrics)/metrics",
                "BROKER_MANAGEMENT_URL": broker.managementURL,
                // Traces begin, although nothing receives them.
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
            ]
            try await Site.open(settings, broker: broker.url) { site in
                let worker = try await site.installation.consume(
                    queue: "followed", settings: ["METRICS_PORT": "\(metrics)"])
                try await site.signUp()
                try await eventually("the confirmation is mailed") {
                    site.installation.newestConfirmationKey() != nil
                }
                _ = try await worker.handled(atLeast: 3)
                try await site.browser.inAnotherTab {
                    try await site.browser.open(site.base + "/dashboard/")
                    try await seeConfirmed("account.user_signed_up", site.browser)
                    try await seeConfirmed("account.email_confirmation_sent", site.browser)
                    let handled = try await seeWorker(site)
                    try await eventually("nothing is in flight") {
                        try await site.browser.evaluate(
                            """
                            return [...document.querySelectorAll("#tiles > div")]
                                .find((tile) => tile.textContent.startsWith("In flight"))
                                ?.querySelector("dd").textContent;
                            """) == "0"
                    }
                    try await openSignal(site)
                    try await republish(site, worker)
                    try await site.browser.click("#panel-close")
                    try await confirmByMail(site)
                    try await seeConfirmed("account.email_confirmed", site.browser)
                    try await eventually("the worker has handled more") {
                        try await handledCount(site.browser) ?? 0 > handled
                    }
                    let errors = try await site.browser.errors()
                    #expect(errors == [], "\(errors)")
                }
                #expect(try await site.browser.address.hasPrefix(site.base + "/accounts/"))
                try await worker.program.stop()
            }
            try await broker.stop()
        }

        /// Waits until the list shows the newest signal of a name as confirmed.
        private func seeConfirmed(_ name: String, _ browser: Chromium) async throws {
            try await eventually("\(name) is confirmed") {
                try await browser.evaluate(
                    """
                    const row = [...document.querySelectorAll("#signals tr")]
                        .find((row) => row.querySelector("button").textContent === "\(name)");
                    return row?.querySelector(".state")?.textContent ?? null;
                    """) == "confirmed"
            }
        }

        /// The number of handled signals in the row of the only worker.
        private func handledCount(_ browser: Chromium) async throws -> Int? {
            try await browser.evaluate(
                "return document.querySelector('#workers tr td:nth-child(6)')?.textContent ?? null"
            ).string.flatMap { Int($0) }
        }

        /// Waits until the worker and its queue are shown.
        ///
        /// - Returns: how many signals the worker has handled.
        private func seeWorker(_ site: Site) async throws -> Int {
            try await site.browser.click("#tab-queues")
            try await site.browser.waits(for: site.installation.name(of: "followed"))
            try await site.browser.click("#tab-workers")
            let handled = try await eventualValue("the worker's numbers are shown") {
                try await handledCount(site.browser).flatMap { $0 >= 3 ? $0 : nil }
            }
            try await site.browser.click("#tab-signals")
            return handled
        }

        /// Opens the sign-up's signal: its history, its trace and its message without the address.
        private func openSignal(_ site: Site) async throws {
            let browser = site.browser
            try await browser.press("account.user_signed_up", in: "#signals")
            try await eventually("the message is shown") { try await browser.has("#panel-body pre") }
            let message = try await browser.evaluate(
                "return document.querySelector('#panel-body pre').textContent"
            ).string
            let text = try #require(message)
            #expect(text.contains(#""type": "account.user_signed_up""#))
            #expect(!text.contains("ada@example.org"))
            let history = try await browser.evaluate(
                "return [...document.querySelectorAll('.history strong')].map((e) => e.textContent)")
            #expect(history == ["emitted", "confirmed"])
            let facts = try await browser.evaluate("return document.querySelector('.facts').textContent")
            #expect(facts.string?.firstMatch(of: /Trace id[0-9a-f]{32}/) != nil, "\(facts)")
        }

        /// Publishes the open signal again: the worker skips it as a duplicate.
        private func republish(_ site: Site, _ worker: Worker) async throws {
            let browser = site.browser
            try await browser.press("Republish…", in: "#panel-body")
            #expect(try await browser.has("#ask[open]"))
            try await browser.press("Cancel", in: "#ask")
            #expect(try await !browser.has("#ask[open]"))
            #expect(!site.server.program.log.contains("signal republished from the dashboard"))
            try await browser.press("Republish…", in: "#panel-body")
            try await browser.press("Republish", in: "#ask")
            try await browser.waits(for: "The signal will be published again.")
            try await eventually("the worker has received the signal again") {
                try await Answer("GET", worker.base + "/metrics").text
                    .contains(/(?m)^auth_signals_duplicates_dropped_total(\{.*\})? 1$/)
            }
            // A cancelled question sends nothing.
            let log = site.server.program.log
            #expect(log.ranges(of: "signal republished from the dashboard").count == 1)
            // Actions are logged; what the open page reads is not.
            #expect(log.ranges(of: "/republish").count == 1)
            #expect(!log.contains("/dashboard/events"))
        }

        /// Opens the mail of the confirmation, and follows its link.
        private func confirmByMail(_ site: Site) async throws {
            let browser = site.browser
            try await browser.click("#tab-mails")
            try await eventually("the mail is listed") { try await browser.has("#mails button") }
            try await browser.click("#mails button")
            let link = "#panel-body .links a[href*='/accounts/confirm-email/']"
            try await eventually("the mail is open") { try await browser.has(link) }
            try await browser.followingToAnotherTab(link) {
                try await eventually("the page asks") { try await browser.has("main form button") }
                try await browser.click("main form button")
                try await eventually("the address is confirmed") {
                    try await !browser.address.contains("/accounts/confirm-email/")
                }
            }
            try await browser.click("#panel-close")
            try await browser.click("#tab-signals")
        }

        @Test func `a server with an open page of the dashboard stops like any other`() async throws {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: ["DASHBOARD": "true"])
            let server = try await installation.serve()
            let reader = try Program(
                TestTools.program("/usr/bin/curl"),
                ["-sSN", "--http1.1", "--noproxy", "*", server.base + "/dashboard/events"], environment: [:])
            try await eventually("the page receives events: \(reader.log)") {
                reader.output.contains("event: state")
            }
            server.program.send(SIGTERM)
            // Services that do not end in time are cancelled after 30 s.
            #expect(try await server.program.exitCode(within: .seconds(20)) == 0)
            // The body has ended, and was not cut.
            #expect(try await reader.exitCode() == 0, "\(reader.log)")
        }

        @Test(arguments: ["/dashboard/", "/dashboard/events", "/dashboard/signals", "/dashboard/page.js"])
        func `a dashboard without a token does not answer to the name of another host`(path: String)
            async throws
        {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: ["DASHBOARD": "true"])
            let server = try await installation.serve()
            let answer = try await Curl.load(server.base + path, ["-H", "Host: dashboard.example.org"])
            #expect(answer.status == 403)
            #expect(try await Curl.load(server.base + "/dashboard/", []).status == 200)
            try await server.program.stop()
        }
    }
}
