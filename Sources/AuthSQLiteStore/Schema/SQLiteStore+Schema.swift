// SPDX-License-Identifier: Apache-2.0
public import AuthStore
import AuthSignals
import Foundation
import GRDB

extension SQLiteStore {
    /// Migrates the schema. If the store is embedded in an application's database, call the application's migrator
    /// instead.
    ///
    /// - Throws: `StoreError`: `newerSchema` if a newer version of this program has migrated the store.
    public func migrate() async throws {
        try await StoreError.convertingDatabaseErrors {
            if try await isMigrated() { return }
            // GRDB determines the missing migrations before it takes the write lock: two processes that start at the
            // same time would both create the tables.
            guard let file else { return try await runMigrations() }
            let lockFile = file + ".migrate.lock"
            let lock = try await FileLock(lockFile: lockFile).acquire()
            defer {
                unlink(lockFile)
                lock.release()
            }
            try await runMigrations()
        }
    }

    /// Whether the schema is up to date.
    ///
    /// - Throws: `StoreError`: `outdatedSchema`, `newerSchema`, or the reason why it cannot be read.
    public func checkSchema() async throws {
        try await StoreError.convertingDatabaseErrors {
            if try await !isMigrated() {
                throw StoreError(.outdatedSchema, "the store requires a migration: run auth-signals migrate")
            }
        }
    }

    /// Checks that the store's file is still the one that was opened; every commit does the same.
    ///
    /// - Throws: `StoreError`: `replaced`.
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
