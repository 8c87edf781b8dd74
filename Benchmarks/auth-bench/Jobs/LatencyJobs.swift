// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthFlows
import AuthSQLiteInbox
import AuthRelay
import AuthSignals
import CBare
import Foundation
import Synchronization

/// The latency of signals at a steady rate.
enum LatencyJobs {
    /// From the return of the commit to the start of the handler, through relay, broker, dispatcher and inbox.
    static func whole(_ job: Job) async throws -> Outcome {
        let store = try await RelayJobs.store(job)
        let writer = job.isForeign ? try await RelayJobs.store(job) : store
        let publisher = BrokerPublisher(try job.broker(), logger: .silent)
        let relay = SignalRelay(from: store, to: publisher, codec: Measured.codec, logger: .silent)
        let source = BrokerSource(try DispatchJob.topology(job), try job.broker(), logger: .silent)
        let times = Times(count: job.count)
        let meter = Meter(target: job.count)
        var handlers = SignalHandlers()
        handlers.on(Measured.self, as: "typed") { signal, _ in
            times.received(signal.number)
            meter.count()
        }
        let dispatcher = SignalDispatcher(
            from: source, handlers: handlers, inbox: try SQLiteInbox(path: job.inboxPath), logger: .silent)
        try await Running.services([source, dispatcher, publisher, relay]) {
            try await publisher.awaitReady()
            while !source.status.isReady { try await Task.sleep(for: .milliseconds(10)) }
            let start = ContinuousClock.now
            for number in 0..<job.count {
                try await Task.sleep(until: start + .seconds(Double(number) / job.rate), tolerance: .zero)
                let signal = try Measured.sized(number: number)
                try await writer.transaction { transaction in try transaction.emit(signal) }
                times.sent(number)
            }
            await meter.reached()
        }
        var outcome = meter.outcome
        outcome.samples = times.milliseconds
        return outcome
    }

    /// From the start of a bare publish to the bare consumer's callback.
    static func bare(_ job: Job) throws -> Outcome {
        let times = Times(count: job.count)
        let context = Unmanaged.passRetained(Bare(times))
        defer { context.release() }
        let consumed = Mutex<Result<Outcome, any Error>?>(nil)
        let end = DispatchSemaphore(value: 0)
        let address = UInt(bitPattern: context.toOpaque())
        Thread {
            let result = Result { try consume(job, UnsafeMutableRawPointer(bitPattern: address)) }
            consumed.withLock { $0 = result }
            end.signal()
        }.start()
        context.takeUnretainedValue().ready.wait()
        _ = try BareJobs.target(of: job) { target in
            try Measured.withBareMessage { message in
                try BareJobs.outcome(job.count) {
                    bare_publish(
                        &target, message, UInt64(job.run), UInt64(job.count), UInt32(job.window), job.rate,
                        { context, number in
                            guard let context else { return }
                            Unmanaged<Bare>.fromOpaque(context).takeUnretainedValue().times.sent(Int(number))
                        }, context.toOpaque(), &$0)
                }
            }
        }
        end.wait()
        var outcome = try consumed.withLock { $0 }?.get() ?? Outcome()
        outcome.samples = times.milliseconds
        return outcome
    }

    /// The context of the bare loops' callbacks.
    private final class Bare: Sendable {
        let times: Times
        let ready = DispatchSemaphore(value: 0)
        private let count = Atomic(0)

        init(_ times: Times) { self.times = times }

        /// With one publisher, one queue and one consumer, messages arrive in order.
        func receivedNext() { times.received(count.add(1, ordering: .relaxed).oldValue) }
    }

    private static func consume(_ job: Job, _ context: UnsafeMutableRawPointer?) throws -> Outcome {
        try BareJobs.target(of: job) { target in
            try BareJobs.outcome(job.count) {
                bare_consume(
                    &target, UInt64(job.count), UInt32(job.prefetch), UInt32(job.prefetch / 4),
                    { context in
                        guard let context else { return }
                        Unmanaged<Bare>.fromOpaque(context).takeUnretainedValue().ready.signal()
                    },
                    { context, _, _ in
                        guard let context else { return }
                        Unmanaged<Bare>.fromOpaque(context).takeUnretainedValue().receivedNext()
                    }, context, &$0)
            }
        }
    }
}

/// When each message was sent and received.
final class Times: Sendable {
    private let state: Mutex<[(sent: UInt64, received: UInt64)]>

    init(count: Int) { state = Mutex(Array(repeating: (0, 0), count: count)) }

    func sent(_ number: Int) { state.withLock { $0[number].sent = bare_now() } }

    func received(_ number: Int) {
        state.withLock { if $0[number].received == 0 { $0[number].received = bare_now() } }
    }

    /// The differences. They may be negative: a handler can start before the commit has returned.
    var milliseconds: [Double] {
        state.withLock { $0.map { Double(Int64($0.received) - Int64($0.sent)) / 1e6 } }
    }
}
