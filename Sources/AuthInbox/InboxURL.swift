// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// The URL of an inbox, `sqlite:PATH`: the setting `INBOX_URL`.
public struct InboxURL: Hashable, Sendable {
    /// The path of the file.
    public var path: String

    public init(path: String) { self.path = path }

    /// - Throws: ``InboxError`` with code ``InboxError/Code/invalidURL``.
    public init(parsing text: String) throws(InboxError) {
        let scheme = "sqlite:"
        guard text.lowercased().hasPrefix(scheme) else {
            throw InboxError(.invalidURL, "must be sqlite:PATH, for example sqlite:./inbox.sqlite")
        }
        var path = text.dropFirst(scheme.count)
        // Also accepts sqlite:///var/lib/inbox.sqlite, with the empty host of a file URL.
        if path.hasPrefix("///") { path = path.dropFirst(2) }
        guard !path.isEmpty, !path.hasPrefix("//"), !path.hasSuffix("/"), !path.hasPrefix(":"),
            !path.utf8.contains(0)
        else {
            throw InboxError(.invalidURL, "must name a file after sqlite:, for example sqlite:./inbox.sqlite")
        }
        self.path = String(path)
    }

    /// Reads `INBOX_URL`; the default is `sqlite:./inbox.sqlite`.
    public init(reading reader: inout SettingsReader) {
        self.init(path: "./inbox.sqlite")
        guard let text = reader.string("INBOX_URL") else { return }
        do throws(InboxError) { self = try InboxURL(parsing: text) } catch {
            reader.fault("INBOX_URL", error.message)
        }
    }
}
