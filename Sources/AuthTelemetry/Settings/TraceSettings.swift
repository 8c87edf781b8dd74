// SPDX-License-Identifier: Apache-2.0
package import AuthHTTP
package import Foundation

/// Where spans are exported to, and which: OpenTelemetry's standard environment variables.
package struct TraceSettings: Sendable {
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `OTEL_EXPORTER_OTLP_ENDPOINT` with `/v1/traces` appended.
    package var endpoint: URL
    /// `OTEL_EXPORTER_OTLP_HEADERS`: added to every request. They usually contain a secret.
    package var headers: [(name: String, value: String)] = []
    /// `OTEL_EXPORTER_OTLP_TIMEOUT`: how long the export of a batch may take, with all attempts.
    package var timeout = Duration.seconds(10)
    /// `OTEL_EXPORTER_OTLP_CERTIFICATE`, by default `SSL_CERT_FILE`, and the proxy.
    package var outgoing = OutgoingHTTP()
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    package var sampler = Sampler(.alwaysOn)
    /// `OTEL_PROPAGATORS`: whether `traceparent` is read and written.
    package var propagates = true
    package var batch = TraceBatchSettings()
    /// `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, and what describes this process.
    package var resource: [String: String]

    /// - Parameter service: the value of `service.name`.
    package init(endpoint: URL, service: String) {
        self.endpoint = endpoint
        resource = Self.process
        resource["service.name"] = service
    }

    /// The attributes of every process.
    static var process: [String: String] {
        [
            "telemetry.sdk.name": "swift-auth-signals", "telemetry.sdk.language": "swift",
            "service.instance.id": UUID().uuidString.lowercased(),
        ]
    }
}

/// How ended spans are collected: `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_MAX_QUEUE_SIZE`,
/// `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`. The defaults are OpenTelemetry's.
package struct TraceBatchSettings: Hashable, Sendable {
    /// The longest time that a span waits, if its batch does not fill earlier.
    package var delay = Duration.seconds(5)
    /// How many spans wait, at most; further ones are dropped.
    package var queueSize = 2048
    /// How many spans a request contains, at most.
    package var batchSize = 512

    package init() {}
}
