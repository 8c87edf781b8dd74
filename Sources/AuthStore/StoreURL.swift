// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Where a store is: the setting `STORE_URL`.
public enum StoreURL: Hashable, Sendable, CustomStringConvertible {
    /// `sqlite:PATH`, the path being relative to the working directory or absolute.
    case sqlite(path: String)
    /// `postgres://…` or `postgresql://…`: the whole URL, which may contain a password. It is checked when the store is
    /// opened.
    case postgres(String)

    /// - Throws: ``StoreError`` with code ``StoreError/Code/invalidURL``; its message completes “STORE_URL …”.
    public init(parsing text: String) throws(StoreError) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        if ["postgres", "postgresql"].contains(scheme) {
            self = .postgres(text)
            return
        }
        guard scheme == "sqlite", text.contains(":") else {
            throw StoreError(
                .invalidURL,
                "must be sqlite:PATH, for example sqlite:./auth.sqlite, or postgres://USER@HOST/DATABASE")
        }
        do throws(SQLiteURLError) {
            self = .sqlite(path: try SQLiteURL.path(in: text, example: "auth.sqlite"))
        } catch {
            throw StoreError(.invalidURL, error.message)
        }
    }

    /// The path of a SQLite store; nil for any other.
    public var path: String? {
        guard case .sqlite(let path) = self else { return nil }
        return path
    }

    /// The URL; that of PostgreSQL without its user, password and parameters.
    public var description: String {
        switch self {
        case .sqlite(let path): SQLiteURL.scheme + path
        case .postgres: "postgres://…"
        }
    }
}
