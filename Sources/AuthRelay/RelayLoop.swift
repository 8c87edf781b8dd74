// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Runs a relay: performs the actions of a ``RelayState`` and feeds the results back to it as events.
struct RelayLoop: Sendable {
    let relay: SignalRelay
    private let events: AsyncThrowingStream<RelayEvent, any Error>
    private let feed: AsyncThrowingStream<RelayEvent, any Error>.Continuation

    init(_ relay: SignalRelay) {
        self.relay = relay
        (events, feed) = AsyncThrowingStream.makeStream()
    }

    func run() async throws {
        // Listens before the first read, so that no commit after it is missed.
        let wakeUps = relay.outbox.wakeUps()
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                // A child's error does not cancel the group's body, so children finish the feed with their errors.
                group.addTask {
                    var pace = WakeUpPace()
                    for await _ in wakeUps {
                        // It may be the commit with which an operator resumes the outbox.
                        if relay.phase == .paused { await askPaused() }
                        feed.yield(.wokenUp)
                        // Wake-ups that arrive meanwhile become one.
                        let pause = pace.pause(rowsRead: relay.rowsRead.load(ordering: .relaxed), at: .now)
                        if pause > .zero { try? await Task.sleep(for: pause) }
                    }
                }
                group.addTask {
                    await repeating(every: relay.settings.sweepInterval) { feed.yield(.swept) }
                }
                group.addTask { await repeating(every: relay.settings.statusInterval, showStatus) }
                group.addTask { await watchPause() }
                try await work(in: &group)
                group.cancelAll()
            }
        } onGracefulShutdown: {
            feed.yield(.stop)
        }
    }

    private func work(in group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        var state = RelayState(settings: relay.settings)
        // Before the first read, so that a relay that starts on a paused outbox publishes nothing.
        await askPaused()
        // Sets the baseline from which emitted signals are counted.
        await showStatus()
        for action in state.start() { try await perform(action, in: &group) }
        var wasStopping = false
        for try await event in events {
            let actions = state.handle(event, at: relay.clock.now())
            relay.phase = state.isPaused && state.phase == .relaying ? .paused : state.phase.shown
            for action in actions {
                if action == .finish { return }
                try await perform(action, in: &group)
            }
            relay.metrics.show(inFlight: state.inFlight.count, suspects: state.suspects.count)
            relay.suspects = state.suspects.signals
            relay.inFlight = state.inFlight.count
            if case .answered = event { try await relay.failpoints.reach(.afterConfirm) }
            if state.phase == .stopping, !wasStopping {
                wasStopping = true
                group.addTask {
                    try? await Task.sleep(for: relay.settings.finishWithin)
                    feed.yield(.stopNow)
                }
            }
        }
    }

    private func perform(
        _ action: RelayAction, in group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        switch action {
        case .awaitReady(let pause): group.addTask { await awaitReady(after: pause) }
        case .read(let read): group.addTask { await orEnd { try await find(read) } }
        case .publish(let batch, let rows): try await publish(rows, as: batch)
        case .settle(let settlements): group.addTask { await orEnd { try await settle(settlements) } }
        case .settleLater(let isRetry):
            let pause = isRetry ? relay.settings.sweepInterval : relay.settings.settleInterval
            group.addTask {
                try? await Task.sleep(for: pause)
                feed.yield(.settlementDue)
            }
        case .report(let event): relay.report(event)
        case .finish: break
        }
    }

    // MARK: Actions

    private func awaitReady(after pause: Duration) async {
        do {
            if pause > .zero { try await Task.sleep(for: pause) }
            try await relay.publisher.awaitReady()
            feed.yield(.ready)
        } catch {
            // The publisher was stopped, or this task was cancelled.
            feed.yield(.stop)
        }
    }

    private func find(_ read: RelayRead) async throws {
        try await relay.failpoints.reach(.beforeRead)
        await askPausedIfDue()
        let found: RelayEvent
        do {
            found = try await relay.outbox.find(read, now: relay.clock.now())
            if case .found(.new, let rows, _, _) = found {
                relay.rowsRead.add(rows.count, ordering: .relaxed)
            }
        } catch {
            relay.logger.error("outbox read failed", metadata: ["error": "\(error)"])
            try? await Task.sleep(for: relay.settings.sweepInterval)
            found = .readFailed
        }
        try await relay.failpoints.reach(.afterRead)
        feed.yield(found)
    }

    private func publish(_ rows: [OutboxRow], as batch: Int) async throws {
        try await relay.failpoints.reach(.beforePublish)
        let start = ContinuousClock.now
        let spans = relay.tracer.map {
            PublishSpans(of: rows, to: relay.publisher.destination, tracer: $0)
        }
        let receipt = relay.publisher.submit(rows.map(relay.codec.message))
        try await relay.failpoints.reach(.afterPublish)
        // Not a child task: a publisher that does not respond must not keep a cancelled relay from ending.
        Task {
            let outcomes = await receipt.outcomes()
            relay.metrics.published(in: ContinuousClock.now - start)
            spans?.end(outcomes)
            await orEnd {
                try await relay.failpoints.reach(.beforeConfirm)
                feed.yield(.answered(batch: batch, outcomes))
            }
        }
    }

    private func orEnd(_ body: () async throws -> Void) async {
        do { try await body() } catch { feed.finish(throwing: error) }
    }

    private func settle(_ settlements: [OutboxSettlement]) async throws {
        try await relay.failpoints.reach(.beforeSettle)
        do {
            try await relay.outbox.settle(settlements)
        } catch {
            relay.logger.error("settling published signals failed", metadata: ["error": "\(error)"])
            feed.yield(.settlementFailed)
            return
        }
        try await relay.failpoints.reach(.afterSettle)
        feed.yield(.settled)
    }

    private func repeating(every interval: Duration, _ body: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            await body()
            try? await Task.sleep(for: interval)
        }
    }

    // MARK: Pausing by an operator

    /// Checks before a read whether the outbox was paused, so that an idle relay does not check at intervals.
    private func askPausedIfDue() async {
        let last = relay.lastPauseCheck.withLock { $0 }
        if let last, ContinuousClock.now - last < relay.settings.pauseInterval { return }
        await askPaused()
    }

    /// Waits for the end of a pause, during which nothing is read.
    private func watchPause() async {
        while !Task.isCancelled {
            let isPaused = relay.phase == .paused
            if isPaused { await askPaused() }
            try? await Task.sleep(
                for: isPaused ? relay.settings.pauseInterval : relay.settings.sweepInterval)
        }
    }

    /// Errors are ignored: without a readable store nothing can be published anyway.
    private func askPaused() async {
        let now = ContinuousClock.now
        do {
            let isPaused = try await relay.outbox.pausedSince() != nil
            relay.lastPauseCheck.withLock { $0 = now }
            feed.yield(.paused(isPaused))
        } catch {}
    }

    private func showStatus() async {
        if let status = try? await relay.outbox.status() {
            relay.metrics.show(status, now: relay.clock.now())
        }
    }
}

extension Outbox {
    fileprivate func find(_ read: RelayRead, now: Date) async throws -> RelayEvent {
        switch read {
        case .deferred(let limit):
            // Every deferred row is due before the distant future.
            let rows = try await dueRows(upTo: .max, limit: limit, now: .distantFuture)
            return .found(read, rows: rows, cursor: 0)
        case .new(let after, let limit):
            let page = try await rows(after: after, limit: limit, now: now)
            return .found(read, rows: page.rows, cursor: page.cursor, hasMore: page.hasMore)
        case .due(let cursor, let limit):
            let rows = try await dueRows(upTo: cursor, limit: limit, now: now)
            return .found(read, rows: rows, cursor: cursor)
        case .blocked(let subject, let after, let limit):
            let rows = try await rows(ofSubject: subject, after: after, limit: limit)
            return .found(read, rows: rows, cursor: after)
        }
    }
}

extension RelayState.Phase {
    fileprivate var shown: SignalRelay.Phase {
        switch self {
        case .awaitingReady, .lost: .waitingForBroker
        case .relaying: .relaying
        case .stopping, .finished: .stopping
        }
    }
}
