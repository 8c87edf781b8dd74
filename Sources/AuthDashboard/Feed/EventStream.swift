// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import NIOCore
import ServiceLifecycle

/// The body of `GET /dashboard/events`: chunks of a ``SignalFeed`` until the client leaves, is too slow, or the process
/// shuts down.
struct EventStream: Sendable {
    let feed: SignalFeed
    let stream: SignalFeed.Stream

    /// How long a write may still take after the stream has ended. A client that reads nothing would otherwise keep the
    /// connection, and the shutdown, waiting.
    private static let lastWrite = Duration.seconds(1)

    var body: ResponseBody {
        ResponseBody { writer in
            let held = HeldWriter(writer)
            let isComplete = await run(held)
            await feed.close(stream.id)
            // Without the end of the body, Hummingbird closes the connection.
            guard isComplete else { throw CancellationError() }
            try await held.writer.finish(nil)
        }
    }

    /// - Returns: whether all chunks were written.
    private func run(_ held: HeldWriter) async -> Bool {
        let (feed, stream) = (feed, stream)
        return await withTaskGroup(of: Bool?.self) { tasks in
            tasks.addTask {
                do {
                    for await chunk in stream.chunks { try await held.writer.write(chunk) }
                    return !Task.isCancelled
                } catch {
                    return false
                }
            }
            tasks.addTask {
                do { try await gracefulShutdown() } catch { return nil }
                await feed.close(stream.id)
                return nil
            }
            tasks.addTask {
                for await _ in stream.ended {}
                do { try await Task.sleep(for: Self.lastWrite) } catch { return nil }
                return false
            }
            for await result in tasks {
                guard let result else { continue }
                tasks.cancelAll()
                return result
            }
            return false
        }
    }
}

/// `@unchecked`: the one task that writes uses it, and after that task has ended, the caller.
private final class HeldWriter: @unchecked Sendable {
    var writer: any ResponseBodyWriter
    init(_ writer: any ResponseBodyWriter) { self.writer = writer }
}
