// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CBare
import Foundation

/// The signal that is published: an application's own, with a configurable size.
struct Measured: Signal, Codable {
    static let name: SignalName = "bench.measured"
    var request: SignalRequest
    var user: String
    var number: Int
    var note: String

    var subject: String? { user }

    static let codec = SignalCodec(source: "https://id.example", schemaBase: "urn:bench")
    static let bodySize = 500
    /// The number of different subjects: enough to keep all subject queues busy.
    static let subjects = 1000

    init(number: Int, user: String, note: String = "", request: SignalRequest = SignalRequest()) {
        self.request = request
        self.user = user
        self.number = number
        self.note = note
    }

    /// A signal whose message has a body of ``bodySize`` bytes.
    static func sized(number: Int) throws -> Measured {
        var signal = Measured(number: number, user: user(number))
        signal.note = String(repeating: "x", count: bodySize - (try body(of: signal).count))
        return signal
    }

    /// A user id of eight digits.
    static func user(_ number: Int) -> String {
        String(String(100_000_000 + number % subjects).dropFirst())
    }

    private static func body(of signal: Measured) throws -> Data {
        codec.message(for: OutboxRow(sequence: 1, draft: try codec.draft(signal, at: Date()))).body
    }

    /// Calls the body with a message of this signal for the bare loops, and the offsets at which they overwrite ids and
    /// subjects.
    static func withBareMessage<R>(_ body: (UnsafeMutablePointer<bare_message>) throws -> R) throws -> R {
        let signal = try sized(number: 0)
        let id = UUID.version7()
        let draft = try codec.draft(signal, at: Date(), id: id)
        let message = codec.message(for: OutboxRow(sequence: 1, draft: draft))
        let text = String(decoding: message.body, as: UTF8.self)
        guard let idPlace = text.range(of: id.wireText), let userPlace = text.range(of: signal.user) else {
            throw BenchError("the message has no id and no subject")
        }
        var bytes = message.body.map { CChar(bitPattern: $0) }
        let words = BareJobs.lend([
            message.type ?? "", message.contentType ?? "", message.appID ?? "", message.correlationID ?? "",
            message.subject ?? "",
        ])
        defer { words.forEach { free($0) } }
        return try bytes.withUnsafeMutableBufferPointer { bytes in
            var bare = bare_message(
                body: bytes.baseAddress, body_size: bytes.count,
                id_offset: text.utf8.distance(from: text.startIndex, to: idPlace.lowerBound),
                subject_offset: text.utf8.distance(from: text.startIndex, to: userPlace.upperBound) - 8,
                subjects: UInt32(subjects), type: words[0], content_type: words[1], app_id: words[2],
                correlation_id: words[3], subject: words[4])
            return try body(&bare)
        }
    }
}

/// An error message of the benchmark.
struct BenchError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
