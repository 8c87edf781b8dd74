// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import ServiceLifecycle

extension Request {
    /// The most bytes that a body of ours may have.
    static let bodyLimit = 64 * 1024
    /// How long a body may still take once the process is asked to end: who sends it drop by drop must not
    /// keep it from that.
    static let bodyTimeAtShutdown = Duration.seconds(2)

    /// The whole body.
    ///
    /// - Throws: ``InputRefused`` with 413 where it is above the limit: at once where its length was announced,
    ///   else as soon as that much has come; with 400 where it breaks off; with 408 where the process ends
    ///   before it has come.
    func limitedBody() async throws -> ByteBuffer {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > Self.bodyLimit {
            throw InputRefused.tooLarge(limit: Self.bodyLimit)
        }
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { tasks in
            tasks.addTask { try await readBody() }
            tasks.addTask {
                try await gracefulShutdown()
                try await Task.sleep(for: Self.bodyTimeAtShutdown)
                throw InputRefused(status: .requestTimeout, refusals: [])
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
                guard whole.readableBytes + part.readableBytes <= Self.bodyLimit else {
                    throw InputRefused.tooLarge(limit: Self.bodyLimit)
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
