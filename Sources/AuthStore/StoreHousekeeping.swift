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
    public func sweep() async {
        StoreSpace(store.file)?.show()
        await attempt("sessions") { try await store.purgeExpiredSessions() }
        await attempt("history") { try await store.purgeHistory() }
        await writeSightings()
        if let limiter {
            await attempt("attempts") { try await limiter.sweep(now: store.clock.now()) }
        }
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
