// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import AuthStore
public import Foundation
import GRDB

/// Look-ups of sessions: those that arrive while a read is running share the next read.
///
/// A look-up takes less time than waking the threads of a read: one gets a connection of the pool, another reads, a
/// third continues the caller. A single look-up is not delayed. Only look-ups share reads, so that none of them waits for
/// an application's slow query.
extension SQLiteStore {
    private static let largestGroup = 64

    public func holder(tokenHash: Data) async throws -> SessionHolder? {
        try Task.checkCancellation()
        return try await StoreError.convertingDatabaseErrors { try await lookups(tokenHash) }
    }

    /// - Returns: a group that performs look-ups in one read, which begins after all of them were requested. A row that
    ///   cannot be read fails only its own look-up.
    static func lookups(
        in database: any DatabaseWriter, _ sessions: SealedSessions, _ keys: KeyRing
    ) -> GroupCommit<Data, SessionHolder?> {
        GroupCommit(largest: largestGroup) { hashes in
            do {
                return try await database.read { connection in
                    let reading = SQLiteReading(connection, keys: keys, sessions)
                    return hashes.map { hash in
                        Result<SessionHolder?, any Error> { try reading.holder(tokenHash: hash) }
                    }
                }
            } catch {
                return hashes.map { _ in .failure(error) }
            }
        }
    }
}
