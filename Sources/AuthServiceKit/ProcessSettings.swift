// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import Foundation
package import Logging
import Metrics

/// Logging, metrics and health of a process: `LOG_LEVEL`, `LOG_FORMAT`, `METRICS_HOST`, `METRICS_PORT`.
package struct ProcessSettings: Sendable {
    /// `LOG_FORMAT`.
    package enum LogFormat: String, Sendable, CaseIterable { case text, json }

    /// `LOG_LEVEL`.
    package var logLevel = Logger.Level.info
    /// `LOG_FORMAT`.
    package var logFormat = LogFormat.text
    /// `METRICS_HOST`: the address that the metrics and health endpoints listen on.
    package var metricsHost = "127.0.0.1"
    /// `METRICS_PORT`; nil if the endpoints are off.
    package var metricsPort: Int?

    package init() {}

    /// Reads the settings.
    package init(reading reader: inout SettingsReader) {
        logLevel = reader.choice(
            "LOG_LEVEL", default: logLevel,
            Dictionary(uniqueKeysWithValues: Logger.Level.allCases.map { ($0.rawValue, $0) }))
        logFormat = reader.choice(
            "LOG_FORMAT", default: logFormat,
            Dictionary(uniqueKeysWithValues: LogFormat.allCases.map { ($0.rawValue, $0) }))
        metricsHost = reader.host("METRICS_HOST", default: metricsHost, port: "METRICS_PORT")
        let port = reader.int("METRICS_PORT", default: -1, in: 0...65535)
        metricsPort = port < 0 ? nil : port
    }

    /// Sets up logging and metrics for the whole process. Call it once, when the process starts.
    ///
    /// - Returns: the metrics, for the `/metrics` route.
    package func bootstrap() -> PrometheusMetrics {
        let (level, format) = (logLevel, logFormat)
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                switch format {
                case .text: TextLogHandler.make(label: label)
                case .json: JSONLogHandler(label: label)
                }
            handler.logLevel = level
            return handler
        }
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }
}
