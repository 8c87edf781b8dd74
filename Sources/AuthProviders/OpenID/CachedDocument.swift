// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// A cached document of a provider: its configuration or its keys.
///
/// Concurrent callers share one request in flight. An early refetch, which an attacker can provoke, happens at most
/// once per ``refetchInterval``.
actor CachedDocument<Value: Sendable> {
    /// The age after which it is fetched again, in seconds.
    static var freshAge: TimeInterval { 3600 }
    /// The age until which it is used if it cannot be fetched, so that an outage of the provider does not stop log-ins.
    static var longestAge: TimeInterval { 86400 }
    /// The minimum time between two early fetches, in seconds.
    static var refetchInterval: TimeInterval { 30 }

    private let clock: any WallClock
    private let fetch: @Sendable () async -> Result<Value, SocialProviderError>
    private var value: Value?
    private var fetchedAt = Date.distantPast
    private var askedAt = Date.distantPast
    private var underWay: Task<Result<Value, SocialProviderError>, Never>?

    init(
        clock: any WallClock, fetch: @escaping @Sendable () async -> Result<Value, SocialProviderError>
    ) {
        self.clock = clock
        self.fetch = fetch
    }

    /// The document, fetched if it is missing or old.
    func current() async throws(SocialProviderError) -> Value {
        let age = clock.now().timeIntervalSince(fetchedAt)
        let kept = age < Self.longestAge ? value : nil
        if let kept, (0..<Self.freshAge).contains(age) || wasAskedJustNow { return kept }
        return try await fetched(orKept: kept)
    }

    /// Fetches the document again, because an entry was not found in it; nil if it was fetched just now.
    func anew() async throws(SocialProviderError) -> Value? {
        if underWay == nil, wasAskedJustNow { return nil }
        return try await fetched(orKept: nil)
    }

    /// False without a value: then no log-in works, so the next one may try to fetch it.
    private var wasAskedJustNow: Bool {
        value != nil && (0..<Self.refetchInterval).contains(clock.now().timeIntervalSince(askedAt))
    }

    private func fetched(orKept kept: Value?) async throws(SocialProviderError) -> Value {
        // A separate task: if the first caller is cancelled, the others still need the result.
        let task = underWay ?? Task { await fetch() }
        if underWay == nil {
            underWay = task
            askedAt = clock.now()
        }
        let result = await task.value
        if underWay == task { underWay = nil }
        switch result {
        case .success(let new):
            value = new
            fetchedAt = askedAt
            return new
        case .failure(let error):
            guard let kept else { throw error }
            return kept
        }
    }
}
