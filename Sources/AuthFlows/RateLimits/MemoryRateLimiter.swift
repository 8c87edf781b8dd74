// SPDX-License-Identifier: Apache-2.0
public import Foundation
import Synchronization

/// A rate limiter that counts attempts in memory: for tests, and for services with a single process.
public final class MemoryRateLimiter: SweepingRateLimiter {
    private let state = Mutex(State())

    public init() {}

    public func consume(_ limits: [RateLimitUse], now: Date) async throws -> RateLimitDecision {
        state.withLock { $0.consume(limits, now) }
    }

    public func refund(_ ticket: RateLimitTicket) async throws {
        state.withLock { state in
            for id in ticket.entries { state.refund(id) }
        }
    }

    public func forget(_ buckets: [String]) async throws {
        state.withLock { $0.forget(Set(buckets)) }
    }

    public func sweep(now: Date) async throws -> Int {
        state.withLock { state in
            let before = state.attempts.count
            for limit in state.logs.keys { state.forgetOld(limit, now) }
            return before - state.attempts.count
        }
    }

    /// The number of attempts in memory.
    var count: Int { state.withLock { $0.attempts.count } }

    /// The attempts: a sliding log for each limit.
    private struct State {
        /// A bucket and a duration: if a bucket has two rates, each of them counts an attempt.
        struct Limit: Hashable {
            var bucket: String
            var per: TimeInterval
        }

        /// The attempts of each limit, oldest first.
        var logs: [Limit: [Int64]] = [:]
        var attempts: [Int64: (at: Date, limit: Limit)] = [:]
        var nextID: Int64 = 0
        var untilSweep = 1024

        mutating func consume(_ uses: [RateLimitUse], _ now: Date) -> RateLimitDecision {
            untilSweep -= 1
            if untilSweep == 0 {
                for limit in logs.keys { forgetOld(limit, now) }
                untilSweep = 1024
            }
            var wait: TimeInterval?
            for use in uses {
                let limit = Limit(bucket: use.bucket, per: use.per)
                forgetOld(limit, now)
                let log = logs[limit] ?? []
                guard use.amount > 0 else {
                    wait = max(wait ?? 0, use.per)
                    continue
                }
                guard log.count >= use.amount else { continue }
                // The newest attempt that has to expire before another one is allowed.
                let blocking = log[log.count - use.amount]
                let at = attempts[blocking]?.at ?? now
                wait = max(wait ?? 0, at.timeIntervalSince(now) + use.per)
            }
            if let wait { return .refused(retryAfter: max(1, wait)) }
            let ids = uses.map { use in
                let limit = Limit(bucket: use.bucket, per: use.per)
                nextID += 1
                attempts[nextID] = (now, limit)
                logs[limit, default: []].append(nextID)
                return nextID
            }
            return .allowed(RateLimitTicket(entries: ids))
        }

        mutating func refund(_ id: Int64) {
            guard let limit = attempts.removeValue(forKey: id)?.limit else { return }
            keep(limit) { $0 != id }
        }

        mutating func forget(_ buckets: Set<String>) {
            for (limit, log) in logs where buckets.contains(limit.bucket) {
                for id in log { attempts[id] = nil }
                logs[limit] = nil
            }
        }

        mutating func forgetOld(_ limit: Limit, _ now: Date) {
            let old = (logs[limit] ?? []).filter { id in
                attempts[id].map { attempt in
                    attempt.at <= now - limit.per || attempt.at > now + RateLimitUse.clockTolerance
                } ?? true
            }
            if old.isEmpty { return }
            for id in old { attempts[id] = nil }
            let gone = Set(old)
            keep(limit) { !gone.contains($0) }
        }

        private mutating func keep(_ limit: Limit, _ isKept: (Int64) -> Bool) {
            let log = (logs[limit] ?? []).filter(isKept)
            logs[limit] = log.isEmpty ? nil : log
        }
    }
}
