// SPDX-License-Identifier: Apache-2.0

/// Where the marks of handled messages are: the setting `INBOX_URL`.
public enum InboxURL: Hashable, Sendable, CustomStringConvertible {
    /// `sqlite:PATH`, the path being relative to the working directory or absolute: a file that the workers of one host
    /// share.
    case sqlite(path: String)
    /// `postgres://…` or `postgresql://…`: the whole URL, which may contain a password; a database that workers on any
    /// number of hosts share. It is checked when the inbox is opened.
    case postgres(String)

    /// `sqlite:./inbox.sqlite`.
    public static let `default` = InboxURL.sqlite(path: "./inbox.sqlite")

    /// - Throws: ``InboxURLError``
    public init(parsing text: String) throws(InboxURLError) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        if ["postgres", "postgresql"].contains(scheme), text.contains(":") {
            self = .postgres(text)
            return
        }
        guard scheme == "sqlite" else {
            throw InboxURLError(message: Self.expectation)
        }
        do throws(SQLiteURLError) {
            self = .sqlite(path: try SQLiteURL.path(in: text, example: "inbox.sqlite"))
        } catch {
            throw InboxURLError(message: error.message)
        }
    }

    /// Reads `INBOX_URL`; the default is ``default``.
    public init(reading reader: inout SettingsReader) {
        self = .default
        guard let text = reader.string("INBOX_URL") else { return }
        do throws(InboxURLError) { self = try InboxURL(parsing: text) } catch {
            reader.fault("INBOX_URL", error.message)
        }
    }

    private static let expectation =
        "must be sqlite:PATH, for example sqlite:./inbox.sqlite, or postgres://USER@HOST/DATABASE"

    /// The URL; that of PostgreSQL without its user, password and parameters.
    public var description: String {
        switch self {
        case .sqlite(let path): SQLiteURL.scheme + path
        case .postgres: "postgres://…"
        }
    }
}

/// An ``InboxURL`` cannot be parsed.
public struct InboxURLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do; it completes “INBOX_URL …” and does not quote the text, which may contain a password.
    public let message: String

    public var description: String { message }
}
