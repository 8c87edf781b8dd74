// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import ServiceLifecycle

extension Request {
    /// How long a body may still take once the process is asked to end: who sends it drop by drop must not
    /// keep it from that.
    static let bodyTimeAtShutdown = Duration.seconds(2)

    /// The whole body.
    ///
    /// - Parameter timeout: how long it may take, however it arrives.
    /// - Throws: ``InputRefused`` with 413 if it is above the limit: at once if its length was announced, else as
    ///   soon as that much has arrived; with 400 if it breaks off; with 408 if it takes too long, or the process
    ///   ends before it has arrived.
    func limitedBody(within timeout: Duration) async throws -> ByteBuffer {
        let limit = AuthServerConfiguration.bodyLimit
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw InputRefused.tooLarge(limit: limit)
        }
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { tasks in
            tasks.addTask { try await readBody() }
            tasks.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: Self.bodyTimeAtShutdown)
                throw InputRefused.tooSlow
            }
            tasks.addTask {
                try await Task.sleep(for: timeout)
                throw InputRefused.tooSlow
            }
            defer { tasks.cancelAll() }
            guard let whole = try await tasks.next() else { throw CancellationError() }
            return whole
        }
    }

    private func readBody() async throws -> ByteBuffer {
        var whole = ByteBuffer()
        do {
            for try await part in body {
                let limit = AuthServerConfiguration.bodyLimit
                guard whole.readableBytes + part.readableBytes <= limit else {
                    throw InputRefused.tooLarge(limit: limit)
                }
                whole.writeImmutableBuffer(part)
            }
        } catch let refused as InputRefused {
            throw refused
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A chunk that is none, or a client that hung up in the middle: its fault, not the server's.
            throw InputRefused.malformed
        }
        return whole
    }
}
