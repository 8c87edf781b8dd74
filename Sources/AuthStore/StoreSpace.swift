// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metrics

/// How much room a store takes, and how much is left beside it.
struct StoreSpace {
    /// Of the file and its write-ahead log.
    var bytes: Int
    /// That its file system has left for us.
    var freeBytes: Int

    /// Nil for a store in memory, and where the file cannot be looked at.
    init?(_ file: String?) {
        guard let file else { return nil }
        var space = statvfs()
        guard statvfs(file, &space) == 0 else { return nil }
        freeBytes = Int(clamping: UInt64(space.f_bavail) * UInt64(space.f_frsize))
        bytes = [file, file + "-wal"].reduce(0) { sum, path in
            // Asked by its name: the store's files must not be opened and closed.
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return sum + (size ?? 0)
        }
    }

    /// Shows both as metrics.
    func show() {
        Gauge(label: "auth_signals_store_bytes").record(bytes)
        Gauge(label: "auth_signals_store_free_bytes").record(freeBytes)
    }
}
