// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import ServiceLifecycle

extension Request {
    /// How long a body may still take after graceful shutdown was triggered, so that a slow client cannot delay the
    /// shutdown.
    static let bodyTimeAtShutdown = Duration.seconds(2)

    /// The complete body.
    ///
    /// - Parameter timeout: the maximum time until the body is complete.
    /// - Throws: ``InputRefused`` with 413 if it exceeds the limit, at once if `Content-Length` exceeds it; with 400 if
    ///   it ends prematurely; with 408 if it takes too long, or the process shuts down before it is complete.
    func limitedBody(within timeout: Duration) async throws -> ByteBuffer {
        let limit = AuthServerSettings.bodyLimit
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
                let limit = AuthServerSettings.bodyLimit
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
            // A malformed chunk, or a client that closed the connection early: a client error, not a server error.
            throw InputRefused.malformed
        }
        return whole
    }
}
