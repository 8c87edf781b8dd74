// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSQLiteStore
import AuthSignals
import AuthStore

/// A store in a SQLite file, with the secret key and the rate limits in files beside it.
struct SQLiteBackend: StoreBackend {
    let path: String
    let settings: InstallationSettings

    var location: String { path }

    func open() throws -> OpenedStore {
        let secret = try settings.secretKey ?? SecretKeyFile.loadOrCreate(beside: path)
        let keys = KeyRing(secret: secret, fallbacks: settings.secretKeyFallbacks)
        return opened(
            try SQLiteStore(
                path: path, keys: keys, codec: settings.signals.sealingCodec,
                retention: settings.store.outboxRetention), keys)
    }

    func openExisting(isReadOnly: Bool) throws -> OpenedStore {
        let keys = try existingKeys()
        return opened(
            try SQLiteStore(
                existing: path, isReadOnly: isReadOnly, keys: keys, codec: settings.signals.sealingCodec,
                retention: settings.store.outboxRetention), keys)
    }

    func check(_ report: (String) -> Void) async throws {
        let version = try SQLiteVersion.linked()
        report("sqlite: \(version)")
        if let fault = version.knownFault { report("warning: sqlite \(version): \(fault)") }
        switch try await SQLiteStore.condition(
            of: path, keys: existingKeys(), codec: settings.signals.sealingCodec)
        {
        case .missing: report("store: ok, \(path) does not exist yet: created at the first start")
        case .outdated:
            report("store: ok, outdated schema: migrated at the next start, or by `auth-signals migrate`")
        case .current:
            report("store: ok")
            let store = try openExisting(isReadOnly: true).store
            for duplicate in try await store.duplicateEmails() {
                report("warning: several accounts have the same e-mail address: users \(duplicate.userList)")
            }
        }
    }

    let unknownRestore = "whether this file was replaced by an older copy without `auth-signals restore`"

    func restoredText(_ time: String) -> String {
        "restored from a backup at \(time): this store has no signals that were emitted between "
            + "the backup and the restore, but workers may have handled them"
    }

    func requireFile() {}

    func backUp(_ store: any OperatedStore, to path: String) async throws {
        guard let store = store as? SQLiteStore else { return }
        try await StoreBackup.make(of: store, at: path)
    }

    func restore(from backup: String) async throws -> Int64 {
        try await StoreBackup.restore(backup, to: path)
    }

    private func opened(_ store: SQLiteStore, _ keys: KeyRing) -> OpenedStore {
        let limits = path + ".limits"
        return OpenedStore(store: store, keys: keys, rateLimiter: { try SQLiteRateLimiter(path: limits) })
    }

    /// The keys of an installation. If it has no key yet, or the key is elsewhere, a random key is used, which cannot
    /// decrypt stored data.
    ///
    /// - Throws: `StoreError` with code `keyFile`.
    private func existingKeys() throws(StoreError) -> KeyRing {
        var secret = settings.secretKey
        if secret == nil { secret = try SecretKeyFile.existing(beside: path) }
        return KeyRing(
            secret: secret ?? SessionToken.random().exposedText, fallbacks: settings.secretKeyFallbacks)
    }
}
