// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Logging
public import ServiceLifecycle

/// Deletes expired rows: sessions, pending log-ins, counted attempts, history. It also records when sessions were last
/// used.
///
/// One instance per process is enough; several do no harm.
public struct StoreHousekeeping: Service {
    private let store: any OperatedStore
    private let limiter: (any SweepingRateLimiter)?
    private let sessions: Sessions?
    private let period: Duration
    private let logger: Logger
    /// Distinguishes the runs of this process from those of others.
    private let process = UUID().uuidString

    /// - Parameters:
    ///   - store: the store whose old rows are deleted.
    ///   - limiter: its old attempts are deleted; nil: none are stored.
    ///   - sessions: the sessions of the `Accounts` that serves requests; nil if this process serves none.
    ///   - period: the time between two sweeps.
    ///   - logger: receives the log lines.
    public init(
        _ store: any OperatedStore, limiter: (any SweepingRateLimiter)? = nil, sessions: Sessions? = nil,
        every period: Duration = .seconds(60),
        logger: Logger = Logger(label: "auth-housekeeping")
    ) {
        self.store = store
        self.limiter = limiter
        self.sessions = sessions
        self.period = period
        self.logger = logger
    }

    /// Sweeps until graceful shutdown or cancellation.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await sweep() } while (try? await Task.sleep(for: period)) != nil
        }
        await writeSightings()
    }

    /// Sweeps once. Failures are logged and retried with the next sweep.
    ///
    /// If the clock has jumped by more than a day, nothing is deleted until the next sweep confirms the new time.
    public func sweep() async {
        store.recordSpace()
        if await isClockPlausible() {
            await attempt("sessions") { try await store.purgeExpiredSessions() }
            await attempt("history") { try await store.purgeHistory() }
            if let limiter {
                await attempt("attempts") { try await limiter.sweep(now: store.clock.now()) }
            }
        }
        await writeSightings()
    }

    private func isClockPlausible() async -> Bool {
        do {
            if try await store.permitsDeletion(process: process, period: period) { return true }
            logger.warning(
                "clock jumped by more than a day since the last sweep; deletion waits for the next sweep to confirm it",
                metadata: ["clock": "\(store.clock.now().wireText)"])
        } catch is CancellationError {
        } catch {
            logger.warning("sweep failed", metadata: ["what": "clock", "error": "\(error)"])
        }
        return false
    }

    private func writeSightings() async {
        if let sessions { await attempt("sightings") { try await sessions.writeSightings() } }
    }

    private func attempt(_ what: String, _ work: () async throws -> Int) async {
        do {
            let count = try await work()
            if count > 0 { logger.debug("swept", metadata: ["what": "\(what)", "rows": "\(count)"]) }
        } catch is CancellationError {
            return
        } catch {
            logger.warning("sweep failed", metadata: ["what": "\(what)", "error": "\(error)"])
        }
    }
}
