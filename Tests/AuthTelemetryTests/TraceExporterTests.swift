// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthTelemetry

@Suite("Exporting a batch") struct TraceExporterTests {
    private let time = ManualTime(passesWithPauses: true)

    private func export(_ transport: MemoryTransport) async -> TraceExporter.Outcome {
        await TraceExporter(to: transport, timeout: .seconds(10), timer: time.timer).export([1])
    }

    @Test(arguments: [429, 502, 503, 504])
    func `a temporary refusal is retried`(status: Int) async {
        let transport = MemoryTransport([.status(status, retryAfter: nil), .status(202, retryAfter: nil)])
        #expect(await export(transport) == .exported)
        #expect(transport.bodies == [[1], [1]])
        #expect(time.pauses.count == 1)
    }

    @Test func `a failed connection is retried with longer and longer pauses until the time-out`() async {
        let transport = MemoryTransport(Array(repeating: .none("connection refused"), count: 100))
        #expect(await export(transport) == .failed("connection refused", pause: nil))
        #expect(transport.bodies.count == time.pauses.count + 1)
        #expect((4...8).contains(transport.bodies.count))
        #expect(time.pauses.reduce(.zero, +) < .seconds(10))
        #expect(time.pauses[0] < time.pauses[1])
    }

    @Test(arguments: [301, 400, 401, 404, 413, 500])
    func `another refusal is final`(status: Int) async {
        let transport = MemoryTransport([.status(status, retryAfter: .seconds(1))])
        #expect(await export(transport) == .failed("status \(status)", pause: nil))
        #expect(transport.bodies.count == 1)
    }

    @Test func `Retry-After is obeyed within the time-out`() async {
        let transport = MemoryTransport([.status(503, retryAfter: .seconds(7))])
        #expect(await export(transport) == .exported)
        #expect(time.pauses == [.seconds(7)])
    }

    @Test func `a Retry-After beyond the time-out ends the attempts`() async {
        let transport = MemoryTransport([.status(429, retryAfter: .seconds(30))])
        #expect(await export(transport) == .failed("status 429", pause: .seconds(30)))
        #expect(time.pauses.isEmpty)
    }
}
