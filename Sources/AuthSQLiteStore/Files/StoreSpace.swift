// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metrics

/// How much disk space a store uses, and how much is free on its file system.
struct StoreSpace {
    /// The size of the file and its write-ahead log.
    var bytes: Int
    /// The free space of the file system that is available to this user.
    var freeBytes: Int

    /// Nil for a store in memory, and if the file cannot be inspected.
    init?(_ file: String?) {
        guard let file else { return nil }
        var space = statvfs()
        guard statvfs(file, &space) == 0 else { return nil }
        freeBytes = Int(clamping: UInt64(space.f_bavail) * UInt64(space.f_frsize))
        bytes = [file, file + "-wal"].reduce(0) { sum, path in
            // Read by path: the store's files must not be opened and closed.
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return sum + (size ?? 0)
        }
    }

    /// Records both as metrics.
    func record() {
        Gauge(label: "auth_signals_store_bytes").record(bytes)
        Gauge(label: "auth_signals_store_free_bytes").record(freeBytes)
    }
}
