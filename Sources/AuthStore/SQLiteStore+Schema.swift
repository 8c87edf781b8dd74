// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB

extension SQLiteStore {
    /// Brings the schema up to date. Embedded, call the application's own migrator instead.
    ///
    /// - Throws: ``StoreError``: `newerSchema` where a newer version of this program has been here.
    public func migrate() async throws {
        try await StoreError.naming {
            if try await isMigrated() { return }
            // GRDB looks what is to be done before it takes the lock to do it: two processes that start at
            // once would both make the tables.
            guard let file else { return try await runMigrations() }
            let lockFile = file + ".migrate.lock"
            let turn = try await ExclusiveRole(lockFile: lockFile).acquire()
            defer {
                unlink(lockFile)
                turn.release()
            }
            try await runMigrations()
        }
    }

    /// Whether the schema is up to date.
    ///
    /// - Throws: ``StoreError``: `outdatedSchema`, `newerSchema`, or what keeps it from being read.
    public func checkSchema() async throws {
        try await StoreError.naming {
            if try await !isMigrated() {
                throw StoreError(.outdatedSchema, "the store wants a migration: run auth-signals migrate")
            }
        }
    }

    /// Whether the store's file is still the one that was opened; every commit asks the same.
    ///
    /// - Throws: ``StoreError``: `replaced`.
    public func checkFile() throws(StoreError) { try watch?.check() }

    private func isMigrated() async throws -> Bool {
        try await database.read { database in
            try StoreFile.checkNotNewer(database)
            return try Self.migrator.hasCompletedMigrations(database)
        }
    }

    private func runMigrations() async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            Self.migrator.asyncMigrate(database) { result in done.resume(with: result.map { _ in }) }
        }
    }
}
