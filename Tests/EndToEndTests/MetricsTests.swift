// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import AuthBroker
import AuthSignals
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    @Suite("Metrics and readiness")
    struct MetricsTests {
        @Test func `a running server and worker expose exactly the documented metrics`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "metrics")
            let server = try await installation.serve()
            try await eventually("the relay is running") {
                try await server.readiness().part("relay") == "relaying"
            }
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            _ = try await worker.handled(atLeast: 3)
            let tables = try Self.documented()
            let shown = try await Self.names(
                at: server.base, including: tables.server.subtracting(tables.later),
                with: ["auth_signals_confirmed_total 3", "auth_signals_emitted_total 3"])
            #expect(shown.subtracting(tables.server) == [], "exposed but not documented")
            // Metrics of failures are exposed only after the first failure.
            let missing = tables.server.subtracting(shown)
            #expect(missing == tables.later, "documented but not exposed")
            let handling = try await Self.names(
                at: worker.base, including: tables.worker,
                with: [#"auth_signals_handled_total{handler="log"} 3"#])
            #expect(handling.subtracting(tables.worker) == [], "exposed but not documented")
            try await server.program.stop()
            try await worker.program.stop()
        }

        @Test func `a separate relay exposes the same signal metrics, and the size of a SQLite store`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let relay = try Program(
                "auth-signals", ["relay"],
                environment: installation.environment.merging(["METRICS_PORT": "0"]) { $1 })
            let base = try await eventualValue("the relay listens: \(relay.log.suffix(2000))") {
                relay.log.firstMatch(of: /listening on (127\.0\.0\.1:[0-9]+)/).map { "http://\($0.1)" }
            }
            let tables = try Self.documented()
            let documented = tables.server.subtracting(tables.later).filter { !$0.contains("_mail_") }
            let page = try await eventualValue("all documented metrics are exposed") {
                let page = try await Answer("GET", base + "/metrics").text
                return documented.isSubset(of: Self.names(page)) ? page : nil
            }
            if TestStore.isSQLite {
                let size = page.firstMatch(of: /(?m)^auth_signals_store_bytes ([0-9.e+]+)$/)
                #expect(try #require(size.flatMap { Double($0.1) }) > 10_000)
            } else {
                #expect(!page.contains("auth_signals_store_bytes"))
            }
            try await relay.stop()
        }

        /// Waits until a program exposes all these metrics and values, since it counts after it has acted.
        ///
        /// - Returns: the names of this package's metrics on its page.
        private static func names(
            at base: String, including documented: Set<String>, with values: [String]
        ) async throws -> Set<String> {
            var missing: Set<String> = []
            return try await eventualValue("\(values) are exposed, and these metrics: \(missing.sorted())") {
                let page = try await Answer("GET", base + "/metrics").text
                let names = Self.names(page)
                missing = documented.subtracting(names)
                return missing.isEmpty && values.allSatisfy { page.contains($0) } ? names : nil
            }
        }

        /// This package's metrics on a page. Libraries document their own.
        private static func names(_ page: String) -> Set<String> {
            Set(
                page.split(separator: "\n").filter { $0.hasPrefix("# TYPE auth_signals_") }
                    .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) })
        }

        /// The metrics of the two tables in docs/operations.md that the tests' store has, and those that are exposed only
        /// after the first event.
        private static func documented() throws -> (
            server: Set<String>, worker: Set<String>, later: Set<String>
        ) {
            let text = try String(
                contentsOf: Repository.root.appending(path: "docs/operations.md"), encoding: .utf8)
            let parts = text.components(separatedBy: "Of a worker, by handler")
            func names(_ text: String) -> Set<String> {
                Set(text.matches(of: /(?m)^\| `(auth_signals_[a-z_]+)` \|/).map { String($0.1) })
            }
            let lines = text.split(separator: "\n")
            let later = lines.filter { $0.contains("shown after the first") }
            let absent = lines.filter { TestStore.isPostgres && $0.contains("SQLite only:") }
            return (
                names(parts[0]).subtracting(names(absent.joined(separator: "\n"))),
                names(parts.count > 1 ? parts[1] : ""), names(later.joined(separator: "\n"))
            )
        }
    }
}
