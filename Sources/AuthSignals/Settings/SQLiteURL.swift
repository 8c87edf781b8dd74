// SPDX-License-Identifier: Apache-2.0

/// URLs of the form `sqlite:PATH`, the path being relative to the working directory or absolute.
package enum SQLiteURL {
    package static let scheme = "sqlite:"

    /// The path in a URL.
    ///
    /// - Parameter example: a file name for the error messages, for example `auth.sqlite`.
    /// - Throws: ``SQLiteURLError``; its message completes “STORE_URL …” and does not quote
    ///   the text, which may contain a password.
    package static func path(in text: String, example: String) throws(SQLiteURLError) -> String {
        guard text.lowercased().hasPrefix(scheme) else {
            throw SQLiteURLError(message: "must be sqlite:PATH, for example sqlite:./\(example)")
        }
        var path = text.dropFirst(scheme.count)
        // A common form: sqlite:///var/lib/auth.sqlite, with the empty host of a file URL.
        if path.hasPrefix("///") { path = path.dropFirst(2) }
        if path.hasPrefix("//") {
            throw SQLiteURLError(
                message: "must not name a host: write sqlite:PATH or sqlite:///ABSOLUTE/PATH")
        }
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw SQLiteURLError(message: "must name a file after sqlite:, for example sqlite:./\(example)")
        }
        // Such as sqlite:postgres://user:password@host/database, whose “path” would be logged.
        if path.contains("://") {
            throw SQLiteURLError(message: "must not contain another URL: write sqlite:PATH, or postgres://…")
        }
        if path.hasPrefix(":") {
            throw SQLiteURLError(message: "must name a file: a database in memory is lost at exit")
        }
        return String(path)
    }
}

/// What is wrong with a `sqlite:` URL.
package struct SQLiteURLError: Error, Hashable, Sendable {
    package let message: String
}
