// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTelemetry
import Foundation
import Testing

@Suite("The settings of traces") struct TraceSettingsTests {
    private static let endpoint = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"]

    private static func read(_ values: [String: String]) throws -> TraceSettings? {
        var reader = SettingsReader(values)
        let settings = TraceSettings(reading: &reader, service: "auth-signals")
        try reader.check()
        return settings
    }

    /// The names of the settings that are at fault.
    private static func faults(_ values: [String: String]) -> [String] {
        var reader = SettingsReader(endpoint.merging(values) { $1 })
        _ = TraceSettings(reading: &reader, service: "auth-signals")
        return reader.faults.map(\.name)
    }

    @Test func `the export is off without an endpoint, and on request`() throws {
        #expect(try Self.read([:]) == nil)
        #expect(try Self.read(["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"]) == nil)
        #expect(try Self.read(Self.endpoint.merging(["OTEL_SDK_DISABLED": "true"]) { $1 }) == nil)
        #expect(try Self.read(Self.endpoint.merging(["OTEL_TRACES_EXPORTER": "none"]) { $1 }) == nil)
        #expect(try Self.read(Self.endpoint) != nil)
    }

    @Test func `the defaults are OpenTelemetry's`() throws {
        let settings = try #require(try Self.read(Self.endpoint))
        #expect(settings.timeout == .seconds(10))
        #expect(settings.sampler == Sampler(.alwaysOn))
        #expect(settings.propagates && settings.headers.isEmpty)
        #expect(settings.batch.delay == .seconds(5))
        #expect(settings.batch.queueSize == 2048 && settings.batch.batchSize == 512)
        #expect(settings.resource["service.name"] == "auth-signals")
    }

    @Test(arguments: [
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://collector.test/otlp/", "https://collector.test/otlp/v1/traces"),
    ])
    func `the path is appended to the endpoint for all signals`(base: String, full: String) throws {
        #expect(try Self.read(["OTEL_EXPORTER_OTLP_ENDPOINT": base])?.endpoint.absoluteString == full)
    }

    @Test func `the endpoint for traces is used as it is, and takes precedence`() throws {
        let settings = try Self.read(
            Self.endpoint.merging(["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://other:4318/in"]) { $1 })
        #expect(settings?.endpoint.absoluteString == "http://other:4318/in")
    }

    @Test func `variables for traces take precedence over those for all signals`() throws {
        let settings = try Self.read(
            Self.endpoint.merging([
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
                "OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "b=2",
                "OTEL_EXPORTER_OTLP_TIMEOUT": "1000",
            ]) { $1 })
        #expect(settings?.headers.map(\.name) == ["b"])
        #expect(settings?.timeout == .seconds(1))
    }

    @Test func `headers and resource attributes are percent-decoded`() throws {
        let settings = try #require(
            try Self.read(
                Self.endpoint.merging([
                    "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Basic%20YWJj, x-key = a=b ",
                    "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,deployment.environment.name=a%2Cb",
                ]) { $1 }))
        #expect(settings.headers.map(\.name) == ["Authorization", "x-key"])
        #expect(settings.headers.map(\.value) == ["Basic YWJj", "a=b"])
        #expect(settings.resource["deployment.environment.name"] == "a,b")
        #expect(settings.resource["service.name"] == "other")
        let named = try Self.read(
            Self.endpoint.merging([
                "OTEL_RESOURCE_ATTRIBUTES": "service.name=other", "OTEL_SERVICE_NAME": "mine",
            ]) { $1 })
        #expect(named?.resource["service.name"] == "mine")
    }

    @Test(arguments: [
        ("always_on", Sampler(.alwaysOn, followsParent: false)),
        ("always_off", Sampler(.alwaysOff, followsParent: false)),
        ("traceidratio", Sampler(.ratio(0.25), followsParent: false)),
        ("parentbased_always_on", Sampler(.alwaysOn)), ("parentbased_always_off", Sampler(.alwaysOff)),
        ("parentbased_traceidratio", Sampler(.ratio(0.25))),
    ])
    func `reads every sampler`(name: String, sampler: Sampler) throws {
        let settings = try Self.read(
            Self.endpoint.merging(["OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": "0.25"]) { $1 })
        #expect(settings?.sampler == sampler)
    }

    @Test func `baggage may be named as a propagator, as in OpenTelemetry's default`() throws {
        func propagates(_ text: String) throws -> Bool? {
            try Self.read(Self.endpoint.merging(["OTEL_PROPAGATORS": text]) { $1 })?.propagates
        }
        #expect(try propagates("tracecontext,baggage") == true)
        #expect(try propagates("none") == false)
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hidden"), ("OTEL_EXPORTER_OTLP_HEADERS", "a b=hidden"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=hidden%0D"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=hidden%"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/hidden.pem"), ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"), ("OTEL_TRACES_SAMPLER_ARG", "nan"),
        ("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"), ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:hidden@localhost"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://localhost"), ("OTEL_SDK_DISABLED", "maybe"),
    ])
    func `a value that is not supported is a fault, and is not quoted`(name: String, value: String) {
        #expect(Self.faults([name: value]) == [name])
        var reader = SettingsReader(Self.endpoint.merging([name: value]) { $1 })
        _ = TraceSettings(reading: &reader, service: "auth-signals")
        #expect(!"\(reader.faults)".contains("hidden"))
    }
}
