// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import ProgramSupport
import ToolSupport

/// Debian's Prometheus on a free loopback port, with the shipped configuration and the shipped rules. Times and
/// thresholds are shortened, so that a test needs seconds instead of minutes.
struct PrivatePrometheus {
    private let folder: Folder
    private let program: Program
    private let base: String

    /// - Parameters:
    ///   - servers: the addresses (`HOST:PORT`) of the job `auth-signals`.
    ///   - workers: those of the job `auth-consumer`.
    static func start(servers: [String], workers: [String]) async throws -> PrivatePrometheus {
        let folder = try Folder()
        let rules = try shortened(Monitoring.text("deploy/prometheus/alerts.yml"))
        try rules.write(toFile: folder.path("alerts.yml"), atomically: true, encoding: .utf8)
        let shipped = try Monitoring.text("deploy/prometheus/prometheus.yml")
        let configuration =
            shipped
            .replacing(#"["auth-signals:9090"]"#, with: list(servers))
            .replacing(#"["auth-consumer:9090"]"#, with: list(workers))
            .replacing("_interval: 15s", with: "_interval: 1s")
        guard configuration.contains(list(servers)), configuration.contains(list(workers)) else {
            throw Mishap("prometheus.yml has other targets than the test expects")
        }
        try configuration.write(toFile: folder.path("prometheus.yml"), atomically: true, encoding: .utf8)
        let program = try Program(
            URL(filePath: "/usr/bin/prometheus"),
            [
                "--config.file=\(folder.path("prometheus.yml"))",
                "--storage.tsdb.path=\(folder.path("data"))",
                "--web.listen-address=127.0.0.1:0",
            ], environment: [:])
        let base = try await eventualValue("Prometheus listens: \(program.log)") {
            try program.checkIsAlive()
            return program.log.firstMatch(of: /"Listening on" address=(127\.0\.0\.1:[1-9][0-9]*)/).map {
                "http://\($0.1)"
            }
        }
        // Until then every request is answered with 503.
        try await eventually("Prometheus is ready: \(program.log)") {
            try await Answer("GET", base + "/-/ready").status == 200
        }
        return PrivatePrometheus(folder: folder, program: program, base: base)
    }

    /// The host and the port of a URL.
    static func address(_ url: String) -> String { url.replacing("http://", with: "") }

    /// Waits until each of these alerts has fired.
    func fires(_ names: Set<String>) async throws {
        var fired: Set<String> = []
        try await eventually(within: .seconds(90), "\(names) fire") {
            fired.formUnion(try await firing())
            return fired.isSuperset(of: names)
        }
    }

    /// Waits until all targets are scraped and no alert is firing.
    func isSilent() async throws {
        var last: Set<String> = []
        try await eventually(within: .seconds(90), "all targets are up and no alert fires; now: \(last)") {
            guard try await areTargetsUp() else { return false }
            last = try await firing()
            return last.isEmpty
        }
    }

    func stop() async throws { try await program.stop() }

    private func firing() async throws -> Set<String> {
        let alerts = try await Answer("GET", base + "/api/v1/alerts").body["data"]?["alerts"]
        guard case .array(let alerts)? = alerts else { throw Mishap("Prometheus reports no alerts") }
        return Set(
            alerts.filter { $0["state"]?.string == "firing" }
                .compactMap { $0["labels"]?["alertname"]?.string })
    }

    private func areTargetsUp() async throws -> Bool {
        let targets = try await Answer("GET", base + "/api/v1/targets").body["data"]?["activeTargets"]
        guard case .array(let targets)? = targets else { throw Mishap("Prometheus reports no targets") }
        return !targets.isEmpty && targets.allSatisfy { $0["health"]?.string == "up" }
    }

    private static func list(_ addresses: [String]) -> String {
        "[" + addresses.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }

    /// The rules with ranges of 10 seconds, and with thresholds of times of 2 seconds.
    private static func shortened(_ rules: String) throws -> String {
        rules.replacing(/( for:) [0-9]+[mh]\n/) { "\($0.1) 1s\n" }
            .replacing(/\[[0-9]+m\]/, with: "[10s]")
            .replacing("offset 15m", with: "offset 10s")
            .replacing("seconds > 60)", with: "seconds > 2)")
            .replacing("mail_oldest > 600)", with: "mail_oldest > 2)")
    }
}
