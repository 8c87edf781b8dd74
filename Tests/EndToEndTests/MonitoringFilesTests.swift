// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import ToolSupport

extension EndToEnd {
    /// The rules, the dashboard and the configuration of Prometheus that are shipped. They are checked by promtool, and
    /// compared with docs/operations.md, whose tables of metrics `MetricsTests` compares with running programs.
    @Suite("Shipped monitoring", .enabled(if: Monitoring.isInstalled, "prometheus is not installed here"))
    struct MonitoringFilesTests {
        private static let rules = "deploy/prometheus/alerts.yml"
        private static let dashboard = "deploy/grafana/auth-signals.json"

        @Test func `promtool accepts the configuration and the rules`() async throws {
            let folder = Repository.root.appending(path: "deploy/prometheus")
            try await Tool.run("promtool", ["check", "config", "prometheus.yml"], in: folder)
            try await Tool.run("promtool", ["check", "rules", "alerts.yml"], in: folder)
        }

        @Test func `every rule fires at its fault, and no rule in a healthy installation`() async throws {
            let folder = Repository.root.appending(path: "deploy/prometheus")
            try await Tool.run("promtool", ["test", "rules", "alerts_test.yml"], in: folder)
        }

        @Test func `every alert has a test in which it fires`() throws {
            let tests = try Monitoring.text("deploy/prometheus/alerts_test.yml")
            let fired = tests.matches(of: /labels: '\{alertname="([A-Za-z]+)"\}'\n +value: 1\n/).map {
                String($0.1)
            }
            #expect(try Set(fired) == Set(Monitoring.alerts().map(\.name)))
            #expect(tests.contains("name: a healthy installation"))
        }

        @Test func `every alert has a section in the operator's guide, and every section an alert`() throws {
            let page = try Monitoring.text("docs/operations.md")
            let chapter = page.components(separatedBy: "\n## Alerts\n").dropFirst().first?
                .components(separatedBy: "\n## ").first
            let sections = try #require(chapter).components(separatedBy: "\n### ").dropFirst()
            let titles = sections.compactMap { $0.split(separator: "\n").first.map(String.init) }
            let alerts = try Monitoring.alerts()
            #expect(titles == alerts.map(\.name))
            for section in sections {
                #expect(section.contains("\nLook at: "), "\(section.prefix(40))")
                #expect(section.contains("\nDo: "), "\(section.prefix(40))")
            }
            for alert in alerts {
                #expect(alert.text.contains("runbook_url: docs/operations.md#\(alert.name.lowercased())\n"))
                #expect(alert.text.contains("severity: critical") || alert.text.contains("severity: warning"))
                #expect(alert.text.contains("summary: ") && alert.text.contains("description: "))
                let row = "| [\(alert.name)](#\(alert.name.lowercased())) |"
                #expect(page.contains(row), "\(alert.name) is not in the table")
            }
        }

        @Test func `the rules and the dashboard use only metrics that are documented`() throws {
            let documented = try Monitoring.documentedMetrics()
            for file in [Self.rules, Self.dashboard] {
                let used = Set(
                    try Monitoring.text(file).matches(of: /\bauth_[a-z_]+/).map {
                        // The series of a histogram.
                        $0.0.hasSuffix("_bucket") ? String($0.0.dropLast("_bucket".count)) : String($0.0)
                    })
                #expect(used.count > 15)
                #expect(used.subtracting(documented) == [], "in \(file)")
            }
        }

        @Test func `promtool parses every query of the dashboard`() async throws {
            let panels = try Monitoring.panels()
            let queries = panels.flatMap { $0.targets ?? [] }.map(\.expr)
            #expect(queries.count > 30)
            var rules = "groups:\n- name: dashboard\n  rules:\n"
            for (number, query) in queries.enumerated() {
                // What Grafana replaces before it sends a query.
                let plain = query.replacing("$__rate_interval", with: "1m").replacing("$job", with: ".*")
                #expect(!plain.contains("$"), "unknown variable in \(query)")
                rules += "  - record: dashboard:query\(number)\n    expr: |\n      \(plain)\n"
            }
            let file = FileManager.default.temporaryDirectory.appending(path: "dashboard-\(UUID()).yml")
            defer { try? FileManager.default.removeItem(at: file) }
            try rules.write(to: file, atomically: true, encoding: .utf8)
            try await Tool.run("promtool", ["check", "rules", file.path])
        }

        @Test func `the dashboard's panels have a title, a description and the provisioned data source`()
            throws
        {
            let panels = try Monitoring.panels()
            #expect(Set(panels.map(\.id)).count == panels.count)
            let source = try Monitoring.text("deploy/grafana/provisioning/datasources/prometheus.yml")
            #expect(source.contains("    uid: prometheus\n"))
            for panel in panels where panel.type != "row" {
                #expect(!panel.title.isEmpty)
                #expect(panel.description?.isEmpty == false, "\(panel.title)")
                #expect(panel.datasource?.uid == "prometheus", "\(panel.title)")
                #expect(panel.targets?.isEmpty == false, "\(panel.title)")
            }
        }
    }
}

/// What the tests of the shipped monitoring read.
enum Monitoring {
    static let isInstalled =
        ProcessInfo.processInfo.environment["CI"] != nil
        || FileManager.default.fileExists(atPath: "/usr/bin/promtool")

    struct Alert {
        let name: String
        /// Its lines in the file of rules.
        let text: String
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
    }

    /// The alerts in the order of the file.
    static func alerts() throws -> [Alert] {
        try text("deploy/prometheus/alerts.yml").components(separatedBy: "- alert: ").dropFirst().map {
            part in
            Alert(name: part.split(separator: "\n").first.map(String.init) ?? "", text: part)
        }
    }

    /// The names in the tables of docs/operations.md.
    static func documentedMetrics() throws -> Set<String> {
        Set(
            try text("docs/operations.md").matches(of: /(?m)^\| `(auth_signals_[a-z_]+)` \|/).map {
                String($0.1)
            })
    }

    struct Dashboard: Decodable {
        let panels: [Panel]
    }

    struct Panel: Decodable {
        struct Target: Decodable { let expr: String }
        struct Source: Decodable { let uid: String }

        let id: Int
        let type: String
        let title: String
        let description: String?
        let datasource: Source?
        let targets: [Target]?
    }

    static func panels() throws -> [Panel] {
        let data = Data(try text("deploy/grafana/auth-signals.json").utf8)
        return try JSONDecoder().decode(Dashboard.self, from: data).panels
    }
}
