// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A wake-up that any number of loops can listen to.
package final class WakeUp: Sendable {
    private struct Listeners {
        var last = 0
        var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let listeners = Mutex(Listeners())
    private let wakes = Atomic(0)
    private let begin: @Sendable () -> Void
    private let end: @Sendable () -> Void

    /// - Parameters:
    ///   - begin: called when a loop begins to listen.
    ///   - end: called when it has stopped.
    package init(
        listening begin: @escaping @Sendable () -> Void = {}, ending end: @escaping @Sendable () -> Void = {}
    ) {
        self.begin = begin
        self.end = end
    }

    /// Wakes all listeners. Wake-ups that a listener has not received yet are merged into one.
    package func wake() {
        wakes.add(1, ordering: .relaxed)
        let all = listeners.withLock { Array($0.continuations.values) }
        for continuation in all { continuation.yield() }
    }

    /// How often ``wake()`` was called.
    package var count: Int { wakes.load(ordering: .relaxed) }

    package func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        begin()
        let id = listeners.withLock { listeners in
            listeners.last += 1
            listeners.continuations[listeners.last] = continuation
            return listeners.last
        }
        continuation.onTermination = { [weak self, end] _ in
            _ = self?.listeners.withLock { $0.continuations.removeValue(forKey: id) }
            end()
        }
        return stream
    }

    deinit {
        let all = listeners.withLock { Array($0.continuations.values) }
        for continuation in all { continuation.finish() }
    }
}
