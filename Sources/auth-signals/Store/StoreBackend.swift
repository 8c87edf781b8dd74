// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServiceKit
import AuthSignals
import AuthStore

/// The database behind `STORE_URL`, as far as databases differ: how a store is opened, counted against, checked and
/// copied. The rest of the program uses an `OperatedStore`.
///
/// Only the files of this folder name the database of a store.
protocol StoreBackend: Sendable {
    /// Where the store is, for the operator; without a password.
    var location: String { get }

    /// Opens the store for a service. Creates it if it does not exist; the caller migrates it.
    ///
    /// - Throws: `StoreError`
    func open() throws -> OpenedStore

    /// Opens the existing store for an operator's command. Neither the store nor its key is created.
    ///
    /// - Parameter isReadOnly: whether the command only reads; then no file is changed.
    /// - Throws: `StoreError`
    func openExisting(isReadOnly: Bool) throws -> OpenedStore

    /// Reports the condition of the store as a service would find it at its start, line by line. Changes nothing.
    ///
    /// - Throws: `StoreError`: what would prevent the start.
    func check(_ report: (String) -> Void) async throws

    /// What `outbox verify` cannot know of a store that was not restored with a command of this program.
    var unknownRestore: String { get }
    /// What `outbox verify` prints about a store that was restored at a time.
    func restoredText(_ time: String) -> String

    /// - Throws: `ProcessFailure` if the store is not a file, so that `backup` and `restore` cannot copy it.
    func requireFile() throws
    /// Copies a store that is in use into a new file.
    func backUp(_ store: any OperatedStore, to path: String) async throws
    /// Creates the store from a backup.
    ///
    /// - Returns: the sequence number after which the restored store continues.
    func restore(from path: String) async throws -> Int64
}

/// A store, the keys of what is encrypted in it, and the rate limiter that its processes share.
struct OpenedStore: Sendable {
    let store: any OperatedStore
    let keys: KeyRing
    /// Opens the rate limiter, for a process that serves requests.
    let rateLimiter: @Sendable () throws -> any SweepingRateLimiter
    /// Ends the connections to a server, after everything that uses them has ended. A file needs no closing.
    var close: @Sendable () async -> Void = {}
}

extension InstallationSettings {
    /// The backend that `STORE_URL` selects.
    ///
    /// - Throws: `ProcessFailure` with code 2 if this build does not have it.
    var storeBackend: any StoreBackend {
        get throws {
            switch store.url {
            case .sqlite(let path): return SQLiteBackend(path: path, settings: self)
            case .postgres(let url):
                #if PostgreSQL
                    return try PostgresBackend(url: url, settings: self)
                #else
                    _ = url
                    throw ProcessFailure(.usage, "STORE_URL \(Self.withoutPostgreSQL)")
                #endif
            }
        }
    }

    #if !PostgreSQL
        private static let withoutPostgreSQL =
            "needs PostgreSQL, which this build does not have; build it with: swift build --traits PostgreSQL"
    #endif

    /// Reports store settings that this build or the database cannot use.
    static func checkStore(_ store: StoreSettings, hasSecretKey: Bool, _ reader: inout SettingsReader) {
        guard case .postgres(let url) = store.url else { return }
        #if PostgreSQL
            PostgresBackend.check(url, store.leaseURL, &reader)
        #else
            _ = url
            reader.fault("STORE_URL", withoutPostgreSQL)
        #endif
        if !hasSecretKey {
            reader.fault(
                "SECRET_KEY",
                "is required if STORE_URL is postgres://, and must be the same on every host; generate one with: "
                    + "openssl rand -base64 32")
        }
    }
}

extension ProcessFailure {
    /// The failure of a program that cannot open its store: an unreachable server may be back soon, everything else is a
    /// matter of the setting.
    ///
    /// - Parameter name: the setting that has the URL.
    init(opening error: StoreError, named name: String = "STORE_URL") {
        let isTemporary = [.unreachable, .busy].contains(error.code) && error.sqliteCode == nil
        self.init(isTemporary ? .unreachable : .usage, "\(name): \(error.message)")
    }
}
