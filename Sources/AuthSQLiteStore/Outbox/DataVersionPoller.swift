// SPDX-License-Identifier: Apache-2.0
import AuthStore
import Foundation
import GRDB
import Logging
import Synchronization

/// Polls for commits of other connections: `PRAGMA data_version` changes with each (SQLite, “PRAGMA Statements”).
/// GRDB's observers see only those of their own connection.
///
/// A process in which nothing happens should not wake up twenty times a second. So the polling pauses a second after the
/// last commit, until the write-ahead log is written to, which happens before every commit. If the system does not report
/// writes, the polling does not pause.
final class DataVersionPoller: Sendable {
    private struct State {
        var users = 0
        var task: Task<Void, Never>?
        var handler: (@Sendable () -> Void)?
        var wakes: @Sendable () -> Int = { 0 }
    }

    private static let pace = PollPace(long: .milliseconds(50), short: .milliseconds(10))
    /// How many polls in a row have to find no commit before the polling pauses. The write to the log comes before the
    /// commit is visible, so that the polling has to continue for a while after it.
    private static let quietPolls = 20
    /// How long a pause lasts at most, in case a write was not reported, or its commit took longer than the polling.
    private static let longestPause = Duration.seconds(1)
    private let state = Mutex(State())
    private let file: String
    private let logger: Logger

    init(file: String, logger: Logger) {
        self.file = file
        self.logger = logger
    }

    /// - Parameters:
    ///   - wakes: how often the loops were woken, by the handler and by commits of this process.
    ///   - handler: wakes the loops.
    func onCommit(wakes: @escaping @Sendable () -> Int, _ handler: @escaping @Sendable () -> Void) {
        state.withLock { ($0.wakes, $0.handler) = (wakes, handler) }
    }

    func retain() {
        state.withLock { state in
            state.users += 1
            guard state.task == nil, let handler = state.handler else { return }
            let wakes = state.wakes
            // Opened here, so that no commit after the caller began to listen is missed.
            do {
                let (queue, version) = try connect()
                // Watched before the polling begins, so that it pauses only after no write was missed.
                let writes = FileWriteWatcher(of: file + "-wal")
                state.task = Task.detached { [logger] in
                    await Self.poll(queue, from: version, writes, logger: logger, wakes, handler)
                    writes?.close()
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
        _ queue: DatabaseQueue, from version: Int, _ writes: FileWriteWatcher?, logger: Logger,
        _ wakes: @Sendable () -> Int, _ handler: @Sendable () -> Void
    ) async {
        var (seen, quiet) = (version, 0)
        var pace = Self.pace
        var pause = pace.pause(hasFound: false, wakes: wakes())
        var iterator = writes?.events.makeAsyncIterator()
        while !Task.isCancelled {
            if let writes, quiet >= quietPolls, !writes.discard() {
                if await writes.next(within: longestPause, &iterator) { quiet = 0 }
            } else {
                quiet = quiet >= quietPolls ? 0 : quiet + 1
                if (try? await Task.sleep(for: pause)) == nil { return }
            }
            do {
                let version = try await queue.unsafeRead(Self.version)
                pause = pace.pause(hasFound: version != seen, wakes: wakes())
                if version != seen {
                    handler()
                    quiet = 0
                }
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
