// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

/// A document of a provider that is kept for a while: its configuration, its keys.
///
/// However many ask at once, one request is under way; and however often somebody makes us want it anew, it
/// is asked for once in ``refetchInterval``.
actor CachedDocument<Value: Sendable> {
    /// After this age it is asked for again, seconds.
    static var freshAge: TimeInterval { 3600 }
    /// Until this age it serves where it cannot be had anew: a provider's outage is no reason to forget it.
    static var longestAge: TimeInterval { 86400 }
    /// The least time between two requests that were not due, seconds.
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

    /// The document, fetched where there is none or it is old.
    func current() async throws(SocialProviderError) -> Value {
        let age = clock.now().timeIntervalSince(fetchedAt)
        let kept = age < Self.longestAge ? value : nil
        if let kept, (0..<Self.freshAge).contains(age) || wasAskedJustNow { return kept }
        return try await fetched(orKept: kept)
    }

    /// The document anew, because what was looked for is not in it; nil where it was asked for just now.
    func anew() async throws(SocialProviderError) -> Value? {
        if underWay == nil, wasAskedJustNow { return nil }
        return try await fetched(orKept: nil)
    }

    /// Only where there is a value: without one nothing works, and the next visitor may try.
    private var wasAskedJustNow: Bool {
        value != nil && (0..<Self.refetchInterval).contains(clock.now().timeIntervalSince(askedAt))
    }

    private func fetched(orKept kept: Value?) async throws(SocialProviderError) -> Value {
        // A task of its own: who asked first may go away, the others still want the answer.
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
