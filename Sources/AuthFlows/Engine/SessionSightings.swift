// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// When sessions were shown last, kept in memory until ``Sessions/writeSightings()`` writes it down, all of them
/// at once: a request that only shows its session does not wait for the disk.
///
/// A session is noted once the store's time is ``interval`` old, so that each costs one write in that time.
final class SessionSightings: Sendable {
    /// How old the stored time grows at most while a session is in use, seconds, beside the time until the
    /// next writing.
    static let interval: TimeInterval = 300
    /// More are not noted until the next writing: whatever happens, memory is bounded.
    static let limit = 100_000

    private let seen = Mutex<[Session.ID: Date]>([:])

    /// Takes note that a session was shown.
    func note(_ session: Session, at now: Date) {
        guard now.timeIntervalSince(session.lastSeenAt) >= Self.interval else { return }
        seen.withLock { seen in
            if seen.count < Self.limit || seen[session.id] != nil { seen[session.id] = now }
        }
    }

    /// When the session was seen last, where that is not written down yet.
    func time(of session: Session.ID) -> Date? { seen.withLock { $0[session] } }

    /// Everything that is to be written; it is forgotten here.
    func take() -> [(id: Session.ID, time: Date)] {
        seen.withLock { seen in
            defer { seen = [:] }
            return seen.map { ($0.key, $0.value) }
        }
    }

    /// Gives back what could not be written.
    func putBack(_ sightings: some Sequence<(id: Session.ID, time: Date)>) {
        seen.withLock { seen in
            for sighting in sightings where seen.count < Self.limit {
                seen[sighting.id] = max(sighting.time, seen[sighting.id] ?? .distantPast)
            }
        }
    }
}
