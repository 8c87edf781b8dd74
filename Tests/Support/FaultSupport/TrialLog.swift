// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// One process's diary of a trial: a line for everything that must be known even if the process is killed in the
/// next instant. What `write` has handed to the kernel survives its process.
package final class TrialLog: Sendable {
    /// What a line says.
    package enum Word: String, Sendable {
        /// A handler begins with a message, or has ended with it.
        case begin, end
        /// A transaction was committed, as its writer was told; or rolled back.
        case promised, rolledBack
        /// A transaction begins: whether it is committed, its writer may never know.
        case tried
    }

    /// A line.
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

    /// Opens the diary at the path, or goes on with it.
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

    /// What is written in the diary at the path; nothing where there is none.
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
