// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import Foundation
public import Logging
public import ServiceLifecycle

/// Sweeps what has had its time: expired sessions, pending log-ins, counted attempts, history. It also writes
/// down when sessions were used last.
///
/// One a process is enough; several do no harm.
public struct StoreHousekeeping: Service {
    private let store: SQLiteStore
    private let limiter: SQLiteRateLimiter?
    private let sessions: Sessions?
    private let period: Duration
    private let logger: Logger
    /// Distinguishes this process's runs from those of others.
    private let process = UUID().uuidString

    /// - Parameters:
    ///   - sessions: of the `Accounts` that requests are answered with; nil where none are in this process.
    ///   - period: from one sweep to the next.
    public init(
        _ store: SQLiteStore, limiter: SQLiteRateLimiter? = nil, sessions: Sessions? = nil,
        every period: Duration = .seconds(60),
        logger: Logger = Logger(label: "auth-housekeeping")
    ) {
        self.store = store
        self.limiter = limiter
        self.sessions = sessions
        self.period = period
        self.logger = logger
    }

    /// Sweeps until it is asked to end; a sweep that has begun is finished.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await sweep() } while (try? await Task.sleep(for: period)) != nil
        }
        await writeSightings()
    }

    /// Sweeps once. What fails is logged and tried again the next time.
    ///
    /// After a step of the clock of more than a day nothing is deleted until the next sweep finds the clock
    /// where it then must be.
    public func sweep() async {
        StoreSpace(store.file)?.show()
        if await believesClock() {
            await attempt("sessions") { try await store.purgeExpiredSessions() }
            await attempt("history") { try await store.purgeHistory() }
            if let limiter {
                await attempt("attempts") { try await limiter.sweep(now: store.clock.now()) }
            }
        }
        await writeSightings()
    }

    private func believesClock() async -> Bool {
        do {
            if try await store.believesClock(process: process, period: period) { return true }
            logger.warning(
                "the clock is more than a day after the last sweep: nothing is deleted until the next sweep confirms it",
                metadata: ["clock": "\(store.clock.now().wireText)"])
        } catch is CancellationError {
        } catch {
            logger.warning("a sweep has failed", metadata: ["what": "clock", "error": "\(error)"])
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
            logger.warning("a sweep has failed", metadata: ["what": "\(what)", "error": "\(error)"])
        }
    }
}
