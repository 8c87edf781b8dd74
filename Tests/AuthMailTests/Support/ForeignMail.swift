// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import Synchronization
import Testing

/// A mail as parsed by Python's e-mail package, since a parser of ours would share our mistakes.
struct ForeignMail: Decodable, Sendable {
    struct Part: Decodable, Sendable {
        var type: String
        /// Decoded; lines end with `\n`, except for the last one.
        var text: String
    }

    private struct Answer: Decodable { var message: ForeignMail }

    var headers: [[String]]
    var type: String
    var parts: [Part]
    /// Defects that Python finds.
    var defects: [String]
    /// Every byte as one character.
    var raw: String

    /// The values of a header.
    func values(_ name: String) -> [String] {
        headers.filter { $0[0].lowercased() == name.lowercased() }.map { $0[1] }
    }

    /// Parses a mail.
    init(_ message: Data) async throws {
        let peer = try PythonPeer.shared.get()
        let id = UUID().uuidString
        let box = Box()
        try peer.order(id, "read", ["mail": message.base64EncodedString()]) { _, answer in
            box.line.withLock { $0 = answer }
        }
        try await eventually("the mail is read") { box.line.withLock { $0 != nil } }
        peer.forget(id)
        self = try JSONDecoder().decode(Answer.self, from: box.line.withLock { $0 } ?? Data()).message
    }

    private final class Box: Sendable {
        let line = Mutex<Data?>(nil)
    }
}
