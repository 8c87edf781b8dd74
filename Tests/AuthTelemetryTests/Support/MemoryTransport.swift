// SPDX-License-Identifier: Apache-2.0
import AuthTelemetry
import AuthTesting
import Tracing

/// A collector in memory with prepared responses; later requests are accepted.
final class MemoryTransport: TraceTransport {
    private let responses: Locked<[TraceResponse]>
    private let sent = Locked<[[UInt8]]>([])
    private let closings = Locked(0)
    private let hangs: Bool

    /// - Parameter hangs: whether no request is answered until its task is cancelled.
    init(_ responses: [TraceResponse] = [], hangs: Bool = false) {
        self.responses = Locked(responses)
        self.hangs = hangs
    }

    /// The bodies of the requests.
    var bodies: [[UInt8]] { sent.value }
    var isClosed: Bool { closings.value > 0 }

    func send(_ body: [UInt8], timeout: Duration) async -> TraceResponse {
        sent.change { $0.append(body) }
        if hangs {
            try? await Task.sleep(for: .seconds(600))
            return .none("cancelled")
        }
        return responses.change { $0.isEmpty ? .status(200, retryAfter: nil) : $0.removeFirst() }
    }

    func close() async { closings.change { $0 += 1 } }
}

/// Keeps ended spans.
final class MemorySink: SpanSink {
    private let ended = Locked<[FinishedSpan]>([])

    var spans: [FinishedSpan] { ended.value }
    func add(_ span: FinishedSpan) { ended.change { $0.append(span) } }
}

extension FinishedSpan {
    /// A sampled span without a parent.
    static func sample(_ name: String = "work") -> FinishedSpan {
        FinishedSpan(
            context: TraceContext(traceID: (1, 2), spanID: 3, isSampled: true), parent: nil, name: name,
            kind: .internal, start: 1_800_000_000_000_000_000, end: 1_800_000_000_000_000_500)
    }
}
