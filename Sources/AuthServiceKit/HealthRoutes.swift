// SPDX-License-Identifier: Apache-2.0
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
    private let report: @Sendable () async -> Report

    /// - Parameter report: called for each `/readyz` request; it should return within a second.
    package init(metrics: PrometheusMetrics, report: @escaping @Sendable () async -> Report) {
        self.metrics = metrics
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
            Self.response(.ok, "text/plain; version=0.0.4; charset=utf-8", metrics.text())
        }
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
