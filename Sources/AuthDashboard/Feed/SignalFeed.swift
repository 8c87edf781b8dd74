// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation
import Logging
import NIOCore

/// Reads the store once a second for all open streams, and only while at least one is open.
///
/// Every stream has a short buffer of encoded events. A client that does not read fast enough to keep it from
/// overflowing is dropped, so that memory is bounded by the number of streams.
actor SignalFeed {
    /// The maximum number of open streams.
    static let mostStreams = 20
    /// How many ticks a slow client may be behind.
    private static let bufferedTicks = 10

    /// What one tick reads and sends beside the store's rows.
    struct Sources: Sendable {
        var broker: any BrokerNumbersSource
        var workers: any WorkerNumbersSource
        /// How many signals this process has in flight; nil if another process publishes them.
        var inFlight: @Sendable () -> Int? = { nil }
        /// The constant members of the state event.
        var constant: StateEvent
    }

    /// One open stream.
    struct Stream: Sendable {
        let id: UUID
        let chunks: AsyncStream<ByteBuffer>
        /// Ends when the feed has ended the stream.
        let ended: AsyncStream<Void>
    }

    private struct Subscriber {
        let chunks: AsyncStream<ByteBuffer>.Continuation
        let ended: AsyncStream<Void>.Continuation

        func end() {
            chunks.finish()
            ended.finish()
        }
    }

    private let store: any OperatedStore
    private let sources: Sources
    private let interval: Duration
    private let logger: Logger
    private var subscribers: [UUID: Subscriber] = [:]
    private var polling: Task<Void, Never>?
    private var state: FeedState

    /// - Parameter interval: the time between two reads.
    init(
        store: any OperatedStore, sources: Sources, interval: Duration = .seconds(1), logger: Logger
    ) {
        self.store = store
        self.sources = sources
        self.interval = interval
        self.logger = logger
        state = FeedState(deletesConfirmed: store.retention <= .zero)
    }

    /// The number of open streams.
    var count: Int { subscribers.count }

    /// Opens a stream; nil if too many are open. The caller must ``close(_:)`` it.
    func open() -> Stream? {
        guard subscribers.count < Self.mostStreams else { return nil }
        let id = UUID()
        let (chunks, feeding) = AsyncStream<ByteBuffer>.makeStream(
            bufferingPolicy: .bufferingOldest(Self.bufferedTicks))
        let (ended, ending) = AsyncStream<Void>.makeStream()
        subscribers[id] = Subscriber(chunks: feeding, ended: ending)
        if polling == nil {
            state = FeedState(deletesConfirmed: store.retention <= .zero)
            polling = Task { await poll() }
        }
        return Stream(id: id, chunks: chunks, ended: ended)
    }

    /// Ends a stream. Does nothing if it was closed before.
    func close(_ id: UUID) {
        subscribers.removeValue(forKey: id)?.end()
        if subscribers.isEmpty {
            polling?.cancel()
            polling = nil
        }
    }

    /// Sends the next change of a signal that is published again.
    func follow(_ item: SignalItem) { state.follow(item) }

    private func poll() async {
        while !Task.isCancelled {
            let text = await tick()
            if Task.isCancelled { return }
            send(ByteBuffer(string: text))
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    /// The events of one read, as server-sent events.
    private func tick() async -> String {
        var event = sources.constant
        event.time = Date().wireText
        var text = ""
        do {
            let status = try await store.status()
            let changed = try await store.outboxRecords(numbered: state.watched)
            let recent = try await store.newestOutboxRecords(
                Set(OutboxRecord.State.allCases), before: .max, limit: FeedState.most)
            // Another task may have begun, with a new state, while the store was read.
            if Task.isCancelled { return "" }
            let (signals, dropped) = state.sample(
                changed: changed, recent: recent, emitted: status.emitted)
            for signal in signals { text += Self.text("signal", signal) }
            event.dropped = dropped
            event.rates = state.rates(status, at: Self.uptime)
            event.outbox = StateEvent.Outbox(status, now: store.clock.now())
        } catch {
            // The page shows the last numbers; the error itself may name a path or an address.
            logger.warning("dashboard cannot read the store", metadata: ["error": "\(error)"])
        }
        event.outbox.inFlight = sources.inFlight()
        let report = await sources.broker.current()
        event.queues = report.queues
        event.broker.error = report.error
        event.workers = await sources.workers.current()
        return text + Self.text("state", event)
    }

    private func send(_ chunk: ByteBuffer) {
        for (id, subscriber) in subscribers {
            if case .enqueued = subscriber.chunks.yield(chunk) { continue }
            logger.debug("dashboard stream dropped: the client is too slow")
            close(id)
        }
    }

    private static func text(_ name: String, _ event: some Encodable) -> String {
        guard let data = try? SignalCodec.encoder().encode(event) else { return "" }
        return "event: \(name)\ndata: \(String(decoding: data, as: UTF8.self))\n\n"
    }

    /// Seconds of a monotonic clock.
    private static var uptime: Double { ProcessInfo.processInfo.systemUptime }
}

extension StateEvent.Outbox {
    init(_ status: OutboxStatus, now: Date) {
        self.init()
        pending = status.pending
        oldestAge = status.oldestPending.map {
            (max(0, now.timeIntervalSince($0)) * 10).rounded() / 10
        }
        confirmedTotal = status.confirmed
        emittedTotal = status.emitted
        unrouted = status.unrouted
        parked = status.parked
        paused = status.pausedSince != nil
    }
}
