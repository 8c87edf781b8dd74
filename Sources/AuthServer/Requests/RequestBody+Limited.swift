// SPDX-License-Identifier: Apache-2.0
import Hummingbird

extension Request {
    /// The most bytes that a body of ours may have.
    static let bodyLimit = 64 * 1024

    /// The whole body.
    ///
    /// - Throws: ``InputRefused`` with 413 where it is above the limit: at once where its length was announced,
    ///   else as soon as that much has come; with 400 where it breaks off.
    func limitedBody() async throws -> ByteBuffer {
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > Self.bodyLimit {
            throw InputRefused.tooLarge(limit: Self.bodyLimit)
        }
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
