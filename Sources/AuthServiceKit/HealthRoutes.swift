// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Foundation
package import Hummingbird
import Logging
package import ServiceLifecycle

/// The routes `/livez`, `/readyz` and `/metrics`.
package struct HealthRoutes: Sendable {
    /// Whether a process is ready, and the state of its parts.
    package struct Report: Encodable, Sendable {
        package var ready: Bool
        /// By part: `store`, `broker`, `oldest_pending_seconds`, …
        package var parts: [String: String]

        package init(ready: Bool, parts: [String: String]) {
            self.ready = ready
            self.parts = parts
        }
    }

    private let metrics: PrometheusMetrics
    /// `auth_signals_ready`: what `/readyz` reports, for alerts.
    private let readiness: any RecorderHandler
    private let report: @Sendable () async -> Report

    /// - Parameter report: called for each request of `/readyz` and `/metrics`; it should return within a second.
    package init(metrics: PrometheusMetrics, report: @escaping @Sendable () async -> Report) {
        self.metrics = metrics
        readiness = metrics.makeRecorder(label: "auth_signals_ready", dimensions: [], aggregate: false)
        self.report = report
    }

    /// Adds the routes.
    package func add<Context: RequestContext>(to router: Router<Context>) {
        router.get("/livez") { _, _ in Self.response(.ok, "application/json", #"{"alive":true}"#) }
        router.get("/readyz") { _, _ in
            let report = await report()
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let body = String(decoding: try encoder.encode(report), as: UTF8.self)
            return Self.response(report.ready ? .ok : .serviceUnavailable, "application/json", body)
        }
        router.get("/metrics") { _, _ in
            readiness.record(await isReady(within: .seconds(3)) ? Int64(1) : Int64(0))
            return Self.response(.ok, "text/plain; version=0.0.4; charset=utf-8", metrics.text())
        }
    }

    /// Whether the process is ready; false if the report takes longer, so that a store without reply does not delay the
    /// metrics page.
    private func isReady(within limit: Duration) async -> Bool {
        let (answers, answer) = AsyncStream.makeStream(of: Bool.self)
        Task {
            answer.yield(await report().ready)
            answer.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: limit)
            answer.finish()
        }
        defer { timer.cancel() }
        for await isReady in answers { return isReady }
        return false
    }

    private static func response(
        _ status: HTTPResponse.Status, _ type: String, _ body: String
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body + "\n")))
    }

    /// A server with only these routes, for a process that serves no other HTTP requests.
    ///
    /// - Parameters:
    ///   - port: 0 picks a free port.
    ///   - portFile: the file that the port is written to once the server listens.
    package func application(host: String, port: Int, portFile: PortFile? = nil) -> some Service {
        let router = Router(options: .autoGenerateHeadEndpoints)
        add(to: router)
        return ListeningService(
            router.buildResponder(),
            settings: ListenerSettings(
                setting: "METRICS_PORT", host: host, port: port, portFile: portFile),
            logger: Logger(label: "metrics-page"))
    }
}
