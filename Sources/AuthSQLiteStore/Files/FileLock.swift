// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthSignals
import Foundation
import SQLiteSupport
import Synchronization

/// A lease with one holder at a time, among all processes of a host that use one store.
///
/// It is an exclusive `flock` on a file beside the store: it needs no clock, is kept while its holder is suspended, and
/// the system releases it when its holder dies. The file stays; its content is not used. Locks belong to open file
/// descriptions, so two stores of one process exclude each other too.
final class FileLock: Sendable {
    private static let period = Duration.milliseconds(200)
    private let lockFile: String?
    private let heldInMemory = Mutex(false)

    /// - Parameter lockFile: nil for a store in memory, which no other process can open.
    init(lockFile: String?) { self.lockFile = lockFile }

    /// Waits until no other holder has the lease, and takes it.
    ///
    /// - Throws: `CancellationError`; ``StoreError`` if the lock file cannot be used.
    func acquire() async throws -> any Lease {
        while true {
            try Task.checkCancellation()
            if let lease = try attempt() { return lease }
            try await Task.sleep(for: Self.period)
        }
    }

    /// Whether the lease is held, by this or another process.
    var isHeld: Bool {
        guard let lockFile else { return heldInMemory.withLock { $0 } }
        let descriptor = PrivateFile.retrying { open(lockFile, O_RDWR | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        // Closing releases the lock if it was taken.
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private func attempt() throws(StoreError) -> (any Lease)? {
        if let lockFile { return try HeldFile.lock(lockFile) }
        let free = heldInMemory.withLock { held in
            defer { held = true }
            return !held
        }
        return free ? HeldInMemory(self) : nil
    }

    fileprivate func releaseInMemory() { heldInMemory.withLock { $0 = false } }
}

/// A lock that is held until it is released or deallocated.
private final class HeldFile: Lease {
    private let descriptor: Mutex<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { release() }

    /// - Returns: nil if another holder has the lock.
    static func lock(_ path: String) throws(StoreError) -> HeldFile? {
        let descriptor = try StoreError.convertingFileErrors(try PrivateFile.open(path, O_RDWR | O_CREAT))
        let held = HeldFile(descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK || errno == EINTR { return nil }
            throw StoreError(.unwritable, "\(path) cannot be locked: \(PrivateFile.systemError())")
        }
        // The file may have been removed since it was opened: then this lock excludes no other process.
        return PrivateFile.isSame(descriptor, path) ? held : nil
    }

    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }
}

private final class HeldInMemory: Lease {
    private let lock: Mutex<FileLock?>

    init(_ lock: FileLock) { self.lock = Mutex(lock) }

    deinit { release() }

    func release() {
        lock.withLock { lock in
            lock?.releaseInMemory()
            lock = nil
        }
    }
}
