// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// The times at which sessions were last used. They are kept in memory until ``Sessions/writeSightings()`` writes them
/// to the store in batches, so that a request that only uses its session does not wait for the disk.
///
/// A session is recorded only if its stored time is at least ``interval`` old, so that it is written at most once in
/// that time.
final class LastSeenTracker: Sendable {
    /// The minimum age, in seconds, of a stored time before it is updated. The stored time can get older than this by
    /// the time until the next write.
    static let interval: TimeInterval = 300
    /// The maximum number of sessions until the next write, which bounds the memory. Further ones are not recorded.
    static let limit = 100_000

    private let seen = Mutex<[Session.ID: Date]>([:])

    /// Records that a session was used.
    func note(_ session: Session, at now: Date) {
        guard now.timeIntervalSince(session.lastSeenAt) >= Self.interval else { return }
        seen.withLock { seen in
            if seen.count < Self.limit || seen[session.id] != nil { seen[session.id] = now }
        }
    }

    /// When the session was last used, if that is not written yet.
    func time(of session: Session.ID) -> Date? { seen.withLock { $0[session] } }

    /// Removes and returns all times that have to be written.
    func take() -> [(id: Session.ID, time: Date)] {
        seen.withLock { seen in
            defer { seen = [:] }
            return seen.map { ($0.key, $0.value) }
        }
    }

    /// Adds times back that could not be written.
    func putBack(_ sightings: some Sequence<(id: Session.ID, time: Date)>) {
        seen.withLock { seen in
            for sighting in sightings where seen.count < Self.limit {
                seen[sighting.id] = max(sighting.time, seen[sighting.id] ?? .distantPast)
            }
        }
    }
}
