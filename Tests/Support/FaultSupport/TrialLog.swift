// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// One process's diary of a trial: a line for each event that must be known even if the process is killed right
/// afterwards. Bytes that `write` has passed to the kernel survive the process.
package final class TrialLog: Sendable {
    /// The event of a line.
    package enum Word: String, Sendable {
        /// A handler's run for a message begins or ends.
        case begin, end
        /// A commit or a rollback was reported to the writer.
        case promised, rolledBack
        /// A transaction begins; if the process is killed, its result stays unknown.
        case tried
    }

    /// A line of the diary.
    package struct Entry: Hashable, Sendable {
        package var word: Word
        package var id: UUID
        package var attempt: Int

        package init(_ word: Word, _ id: UUID, attempt: Int = 0) {
            self.word = word
            self.id = id
            self.attempt = attempt
        }
    }

    private let file: Int32

    /// Creates the diary at the path, or opens it for appending.
    package init(_ path: String) throws {
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        if file < 0 { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { close(file) }

    package func write(_ word: Word, _ ids: UUID..., attempt: Int = 0) { write(word, ids, attempt: attempt) }

    package func write(_ word: Word, _ ids: [UUID], attempt: Int = 0) {
        var text = ids.map { "\(word.rawValue) \($0.uuidString) \(attempt)\n" }.joined()
        text.withUTF8 { bytes in _ = Foundation.write(file, bytes.baseAddress, bytes.count) }
    }

    /// The entries of the diary at the path; empty if the file does not exist.
    package static func read(_ path: String) -> [Entry] {
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ")
            guard parts.count == 3, let word = Word(rawValue: String(parts[0])),
                let id = UUID(uuidString: String(parts[1])), let attempt = Int(parts[2])
            else { return nil }
            return Entry(word, id, attempt: attempt)
        }
    }
}
