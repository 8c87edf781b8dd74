// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import SQLiteSupport

/// The URL of an inbox, `sqlite:PATH`: the setting `INBOX_URL`.
public struct InboxURL: Hashable, Sendable {
    /// The path of the file.
    public var path: String

    public init(path: String) { self.path = path }

    /// - Throws: ``InboxError`` with code ``InboxError/Code/invalidURL``.
    public init(parsing text: String) throws(InboxError) {
        do {
            path = try SQLiteURL.path(in: text, example: "inbox.sqlite")
        } catch {
            throw InboxError(error)
        }
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
