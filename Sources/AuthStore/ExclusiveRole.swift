// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Synchronization

/// A role that one holder at a time has, among all processes of a host that use one store.
///
/// It is an exclusive `flock` on a file beside the store: it needs no clock, holds through a pause, and the
/// system frees it when its holder dies. The file stays; its content means nothing. Locks belong to open
/// files, so two stores of one process exclude each other too.
final class ExclusiveRole: Sendable {
    private static let period = Duration.milliseconds(200)
    private let lockFile: String?
    private let heldInMemory = Mutex(false)

    /// - Parameter lockFile: nil for a store in memory, which no other process sees.
    init(lockFile: String?) { self.lockFile = lockFile }

    /// Waits until nobody else has the role.
    ///
    /// - Throws: `CancellationError`; ``StoreError`` where the lock's file cannot be used.
    func acquire() async throws -> any RelayRole {
        while true {
            try Task.checkCancellation()
            if let role = try attempt() { return role }
            try await Task.sleep(for: Self.period)
        }
    }

    /// Whether somebody has the role, in whatever process.
    var isHeld: Bool {
        guard let lockFile else { return heldInMemory.withLock { $0 } }
        let descriptor = PrivateFile.retrying { open(lockFile, O_RDWR | O_CLOEXEC) }
        guard descriptor >= 0 else { return false }
        // Closing frees the lock, where it was taken.
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private func attempt() throws(StoreError) -> (any RelayRole)? {
        if let lockFile { return try HeldFile.lock(lockFile) }
        let free = heldInMemory.withLock { held in
            defer { held = true }
            return !held
        }
        return free ? HeldInMemory(self) : nil
    }

    fileprivate func giveBack() { heldInMemory.withLock { $0 = false } }
}

/// A lock that is held until it is released or forgotten.
private final class HeldFile: RelayRole {
    private let descriptor: Mutex<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { release() }

    /// - Returns: nil where another holder has it.
    static func lock(_ path: String) throws(StoreError) -> HeldFile? {
        let descriptor = try PrivateFile.open(path, O_RDWR | O_CREAT)
        let held = HeldFile(descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if errno == EWOULDBLOCK || errno == EINTR { return nil }
            throw StoreError(.unwritable, "\(path) cannot be locked: \(PrivateFile.systemError())")
        }
        // Somebody may have removed the file since it was opened: then this lock excludes nobody.
        return PrivateFile.isSame(descriptor, path) ? held : nil
    }

    func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }
}

private final class HeldInMemory: RelayRole {
    private let role: Mutex<ExclusiveRole?>

    init(_ role: ExclusiveRole) { self.role = Mutex(role) }

    deinit { release() }

    func release() {
        role.withLock { role in
            role?.giveBack()
            role = nil
        }
    }
}
