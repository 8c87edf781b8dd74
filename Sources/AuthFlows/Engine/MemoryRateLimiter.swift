// SPDX-License-Identifier: Apache-2.0
public import Foundation
import Synchronization

/// Counts attempts in this process alone: for tests, and for one process without a file.
public final class MemoryRateLimiter: RateLimiter {
    private struct State {
        var entries: [String: [(id: Int64, at: Date)]] = [:]
        var nextID: Int64 = 0
    }
    private let state = Mutex(State())

    public init() {}

    public func consume(_ limits: [RateLimitUse], now: Date) async throws -> RateLimitDecision {
        state.withLock { state in
            for limit in limits {
                let recent = (state.entries[limit.bucket] ?? []).filter { $0.at > now - limit.per }
                if recent.count >= limit.amount, let oldest = recent.first {
                    return .refused(retryAfter: max(1, oldest.at.timeIntervalSince(now) + limit.per))
                }
            }
            var ids: [Int64] = []
            for limit in limits {
                state.nextID += 1
                ids.append(state.nextID)
                var entries = (state.entries[limit.bucket] ?? []).filter { $0.at > now - limit.per }
                entries.append((state.nextID, now))
                state.entries[limit.bucket] = entries
            }
            return .allowed(RateLimitTicket(entries: ids))
        }
    }

    public func forget(_ buckets: [String]) async throws {
        state.withLock { state in
            for bucket in buckets { state.entries[bucket] = nil }
        }
    }

    public func giveBack(_ ticket: RateLimitTicket) async throws {
        state.withLock { state in
            for (bucket, entries) in state.entries {
                let kept = entries.filter { !ticket.entries.contains($0.id) }
                state.entries[bucket] = kept.isEmpty ? nil : kept
            }
        }
    }
}
