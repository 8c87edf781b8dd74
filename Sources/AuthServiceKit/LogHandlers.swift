// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
package import Logging

/// A log handler that writes text to standard error: `LOG_FORMAT=text`. Each entry is one line, and control characters
/// are escaped.
package enum TextLogHandler {
    /// - Parameter write: receives one line, with its line break; writes to standard error by default.
    package static func make(
        label: String, write: (@Sendable (String) -> Void)? = nil
    ) -> StreamLogHandler {
        let write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
        return StreamLogHandler(label: label, stream: TerminalSafeErrorStream(write))
    }
}

/// Standard error for a text log: each entry is one line.
struct TerminalSafeErrorStream: TextOutputStream, Sendable {
    private let put: @Sendable (String) -> Void

    /// - Parameter put: receives one line, with its line break.
    init(_ put: @escaping @Sendable (String) -> Void) { self.put = put }

    /// - Parameter string: one log entry, with the line break that ends it.
    mutating func write(_ string: String) {
        // Compared by scalars, because "\r\n" is one `Character`.
        var entry = string.unicodeScalars[...]
        if entry.last == "\n" { entry.removeLast() }
        put(String(entry).terminalSafe + "\n")
    }
}

/// A log handler that writes JSON objects to standard error, one a line: `LOG_FORMAT=json`.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let write: @Sendable (String) -> Void

    /// - Parameter write: receives one line, with its line break; writes to standard error by default.
    package init(label: String, write: (@Sendable (String) -> Void)? = nil) {
        self.label = label
        self.write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var members: [String: String] = [:]
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        for (key, value) in all { members[key] = "\(value)" }
        if let error = event.error { members["error"] = "\(error)" }
        members["time"] = Date().wireText
        members["level"] = event.level.rawValue
        members["logger"] = label
        members["message"] = event.message.description
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(members) else { return }
        write(String(decoding: line, as: UTF8.self).terminalSafe + "\n")
    }
}
