// SPDX-License-Identifier: Apache-2.0
import AuthHTTP
package import AuthSignals
import Foundation

extension TraceSettings {
    /// Reads OpenTelemetry's variables; nil if no endpoint is set, or if `OTEL_SDK_DISABLED` or
    /// `OTEL_TRACES_EXPORTER=none` turns the export off. The other variables are then not checked, since they may be for
    /// another program.
    ///
    /// Variables for traces, such as `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, take precedence over those for all signals.
    ///
    /// - Parameter service: the value of `service.name` if no variable sets it.
    package init?(reading reader: inout SettingsReader, service: String) {
        guard !reader.bool("OTEL_SDK_DISABLED", default: false),
            reader.choice("OTEL_TRACES_EXPORTER", default: true, ["otlp": true, "none": false]),
            let endpoint = Self.endpoint(&reader)
        else { return nil }
        self.init(endpoint: endpoint, service: service)
        readExporter(&reader)
        sampler = Self.sampler(&reader)
        propagates = Self.propagates(&reader)
        batch = TraceBatchSettings(reading: &reader)
        for (key, value) in Self.pairs("OTEL_RESOURCE_ATTRIBUTES", &reader) { resource[key] = value }
        if let name = reader.string("OTEL_SERVICE_NAME") { resource["service.name"] = name }
    }

    // MARK: The exporter

    private static func endpoint(_ reader: inout SettingsReader) -> URL? {
        let base = url("OTEL_EXPORTER_OTLP_ENDPOINT", &reader).map { url in
            var text = url.absoluteString
            while text.hasSuffix("/") { text.removeLast() }
            return URL(string: text + "/v1/traces")
        }
        // This one is used as it is.
        return url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &reader) ?? base ?? nil
    }

    private static func url(_ name: String, _ reader: inout SettingsReader) -> URL? {
        reader.value(
            name, default: nil as URL?,
            "a URL such as http://localhost:4318, without user, password, query and fragment"
        ) { text in
            guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
                scheme == "http" || scheme == "https", let host = url.host, !host.isEmpty,
                url.user == nil, url.password == nil, url.query == nil, url.fragment == nil
            else { return nil }
            return .some(url)
        }
    }

    private mutating func readExporter(_ reader: inout SettingsReader) {
        let isSupported = reader.choice(
            Self.name("PROTOCOL", &reader), default: true,
            ["http/protobuf": true, "http/json": false, "grpc": false])
        if !isSupported {
            reader.fault(
                Self.name("PROTOCOL", &reader),
                "must be http/protobuf, the only protocol that is supported; a collector's port for it is 4318"
            )
        }
        let isPlain = reader.choice(
            Self.name("COMPRESSION", &reader), default: true, ["none": true, "gzip": false])
        if !isPlain { reader.fault(Self.name("COMPRESSION", &reader), "must be none: gzip is not supported") }
        timeout = .milliseconds(
            reader.int(Self.name("TIMEOUT", &reader), default: 10_000, in: 1...600_000))
        readHeaders(Self.name("HEADERS", &reader), &reader)
        outgoing = OutgoingHTTP(reading: &reader)
        let certificate = Self.name("CERTIFICATE", &reader)
        if let file = reader.string(certificate) {
            if OutgoingHTTP.hasCertificates(file) {
                outgoing.authoritiesFile = file
            } else {
                reader.fault(certificate, "must be a readable PEM file with at least one certificate")
            }
        }
    }

    /// The variable for traces if it is set, otherwise the one for all signals.
    private static func name(_ suffix: String, _ reader: inout SettingsReader) -> String {
        let own = "OTEL_EXPORTER_OTLP_TRACES_" + suffix
        return reader.string(own) == nil ? "OTEL_EXPORTER_OTLP_" + suffix : own
    }

    private mutating func readHeaders(_ name: String, _ reader: inout SettingsReader) {
        for (key, value) in Self.pairs(name, &reader) {
            guard key.utf8.allSatisfy(Self.isToken),
                !value.unicodeScalars.contains(where: { $0.value < 0x20 })
            else {
                reader.fault(
                    name, "must be header names with values in percent-encoding: key1=value1,key2=value2")
                continue
            }
            headers.append((key, value))
        }
    }

    /// Whether a header's name may contain the byte (RFC 9110, section 5.6.2).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// `key1=value1,key2=value2`, percent-encoded, as in W3C Baggage.
    private static func pairs(_ name: String, _ reader: inout SettingsReader) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for item in reader.list(name, default: []) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2,
                let key = PercentCoding.decode(parts[0].trimmingCharacters(in: .whitespaces)), !key.isEmpty,
                let value = PercentCoding.decode(parts[1].trimmingCharacters(in: .whitespaces))
            else {
                reader.fault(name, "must be a list in percent-encoding: key1=value1,key2=value2")
                continue
            }
            pairs.append((key, value))
        }
        return pairs
    }

    // MARK: Sampling and propagation

    private static func sampler(_ reader: inout SettingsReader) -> Sampler {
        let share = reader.value("OTEL_TRACES_SAMPLER_ARG", default: 1.0, "a number from 0 to 1") { text in
            Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
        }
        return reader.choice(
            "OTEL_TRACES_SAMPLER", default: Sampler(.alwaysOn),
            [
                "always_on": Sampler(.alwaysOn, followsParent: false),
                "always_off": Sampler(.alwaysOff, followsParent: false),
                "traceidratio": Sampler(.ratio(share), followsParent: false),
                "parentbased_always_on": Sampler(.alwaysOn),
                "parentbased_always_off": Sampler(.alwaysOff),
                "parentbased_traceidratio": Sampler(.ratio(share)),
            ])
    }

    private static func propagates(_ reader: inout SettingsReader) -> Bool {
        let names = reader.list("OTEL_PROPAGATORS", default: ["tracecontext"])
        // OpenTelemetry's default is `tracecontext,baggage`; baggage is not passed on.
        if !Set(names).isSubset(of: ["tracecontext", "baggage", "none"]) {
            reader.fault("OTEL_PROPAGATORS", "must be tracecontext, the only propagator supported, or none")
        }
        return names.contains("tracecontext")
    }
}

extension TraceBatchSettings {
    /// Reads `OTEL_BSP_SCHEDULE_DELAY`, `OTEL_BSP_MAX_QUEUE_SIZE` and `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
    init(reading reader: inout SettingsReader) {
        delay = .milliseconds(reader.int("OTEL_BSP_SCHEDULE_DELAY", default: 5000, in: 1...600_000))
        queueSize = reader.int("OTEL_BSP_MAX_QUEUE_SIZE", default: queueSize, in: 1...1_000_000)
        let largest = min(batchSize, queueSize)
        batchSize = reader.int("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", default: largest, in: 1...100_000)
        if batchSize > queueSize {
            reader.fault(
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "must not be larger than OTEL_BSP_MAX_QUEUE_SIZE")
        }
    }
}
