// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// Reports writes to a file, whichever process makes them, by inotify(7). A file that is written to often costs
/// nothing: a write is reported only while a caller waits in ``next(within:_:)``.
final class FileWriteWatcher: Sendable {
    /// Whether the file was written to (true), or a pause is over (false).
    let events: AsyncStream<Bool>
    private let continuation: AsyncStream<Bool>.Continuation
    private let descriptor: Int32
    nonisolated(unsafe) private let source: any DispatchSourceRead
    private let state = Mutex(State.resting)

    private enum State {
        /// The source is suspended.
        case resting
        case waiting
        case closed
    }

    /// - Parameter path: a file that exists.
    /// - Returns: nil if the system does not report writes to this file.
    init?(of path: String) {
        #if os(Linux)
            descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
            guard descriptor >= 0 else { return nil }
            guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY)) >= 0 else {
                Foundation.close(descriptor)
                return nil
            }
            (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
            source = DispatchSource.makeReadSource(
                fileDescriptor: descriptor, queue: DispatchQueue(label: "auth-store.writes"))
            source.setEventHandler { [weak self] in self?.report() }
            source.setCancelHandler { [descriptor] in _ = Foundation.close(descriptor) }
        #else
            return nil
        #endif
    }

    /// Forgets the writes until now.
    ///
    /// - Returns: whether there were any.
    func discard() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var found = false
        while read(descriptor, &bytes, bytes.count) > 0 { found = true }
        return found
    }

    /// Waits for a write since the last ``discard()``.
    ///
    /// - Returns: whether there was one; false also if the task was cancelled.
    func next(within limit: Duration, _ iterator: inout AsyncStream<Bool>.AsyncIterator?) async -> Bool {
        state.withLock { state in
            guard state == .resting else { return }
            state = .waiting
            source.resume()
        }
        async let _ = endPause(after: limit)
        return await iterator?.next() ?? false
        // Leaving the scope cancels the timer; a cancelled timer yields nothing.
    }

    private func endPause(after limit: Duration) async {
        do {
            try await Task.sleep(for: limit)
            continuation.yield(false)
        } catch {}
    }

    private func report() {
        state.withLock { state in
            guard state == .waiting else { return }
            state = .resting
            source.suspend()
        }
        continuation.yield(true)
    }

    /// Ends the watch; call it once, at the end.
    func close() {
        state.withLock { state in
            // A suspended source must not be released.
            if state == .resting { source.resume() }
            if state != .closed { source.cancel() }
            state = .closed
        }
        continuation.finish()
    }
}
