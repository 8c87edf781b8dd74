// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Logging
import Synchronization

/// Wakes loops when there are new rows: immediately for commits of this process, within 50 ms for those of other
/// processes, which are polled for only while a loop listens.
final class StoreWakeUps: Sendable {
    let outbox: WakeUp
    let mail: WakeUp
    private let watch: DataVersionPoller?

    /// - Parameter file: the store's file; nil if no other process can open it.
    init(file: String?, logger: Logger) {
        let watch = file.map { DataVersionPoller(file: $0, logger: logger) }
        let outbox = WakeUp(watch)
        let mail = WakeUp(watch)
        watch?.onCommit { [weak outbox, weak mail] in
            outbox?.wake()
            mail?.wake()
        }
        self.watch = watch
        self.outbox = outbox
        self.mail = mail
    }
}

/// A wake-up that any number of loops can listen to.
final class WakeUp: Sendable {
    private struct Listeners {
        var last = 0
        var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let listeners = Mutex(Listeners())
    private let watch: DataVersionPoller?

    init(_ watch: DataVersionPoller?) { self.watch = watch }

    /// Wakes all listeners. Wake-ups that a listener has not received yet are merged into one.
    func wake() {
        let all = listeners.withLock { Array($0.continuations.values) }
        for continuation in all { continuation.yield() }
    }

    func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        watch?.retain()
        let id = listeners.withLock { listeners in
            listeners.last += 1
            listeners.continuations[listeners.last] = continuation
            return listeners.last
        }
        continuation.onTermination = { [weak self, watch] _ in
            _ = self?.listeners.withLock { $0.continuations.removeValue(forKey: id) }
            watch?.release()
        }
        return stream
    }

    deinit {
        let all = listeners.withLock { Array($0.continuations.values) }
        for continuation in all { continuation.finish() }
    }
}

/// Polls for commits of other connections: `PRAGMA data_version` changes with each (SQLite, “PRAGMA Statements”).
/// GRDB's observers see only those of their own connection.
final class DataVersionPoller: Sendable {
    private struct State {
        var users = 0
        var task: Task<Void, Never>?
        var handler: (@Sendable () -> Void)?
    }

    private static let period = Duration.milliseconds(50)
    private let state = Mutex(State())
    private let file: String
    private let logger: Logger

    init(file: String, logger: Logger) {
        self.file = file
        self.logger = logger
    }

    func onCommit(_ handler: @escaping @Sendable () -> Void) { state.withLock { $0.handler = handler } }

    func retain() {
        state.withLock { state in
            state.users += 1
            guard state.task == nil, let handler = state.handler else { return }
            // Opened here, so that no commit after the caller began to listen is missed.
            do {
                let (queue, version) = try connect()
                state.task = Task.detached { [logger] in
                    await Self.poll(queue, from: version, logger: logger, handler)
                }
            } catch {
                logger.warning(
                    "cannot watch for commits of other processes; they are noticed at the next sweep",
                    metadata: ["error": "\(error)"])
            }
        }
    }

    func release() {
        state.withLock { state in
            state.users -= 1
            guard state.users == 0 else { return }
            state.task?.cancel()
            state.task = nil
        }
    }

    private func connect() throws -> (DatabaseQueue, Int) {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(1)
        configuration.label = "auth-store.watch"
        let queue = try DatabaseQueue(path: file, configuration: configuration)
        return (queue, try queue.unsafeRead(Self.version))
    }

    private static func poll(
        _ queue: DatabaseQueue, from version: Int, logger: Logger, _ handler: @Sendable () -> Void
    ) async {
        var seen = version
        while (try? await Task.sleep(for: period)) != nil {
            do {
                let version = try await queue.unsafeRead(Self.version)
                if version != seen { handler() }
                seen = version
            } catch {
                logger.debug("polling for commits failed", metadata: ["error": "\(error)"])
            }
        }
    }

    @Sendable private static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA data_version") ?? 0
    }
}
