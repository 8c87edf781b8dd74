// SPDX-License-Identifier: Apache-2.0

/// Where the store is and how long it keeps settled rows.
public struct StoreSettings: Hashable, Sendable {
    /// `STORE_URL`.
    public var url = StoreURL(path: "./auth.sqlite")
    /// `OUTBOX_RETENTION`: how long settled rows of the outbox are kept; zero keeps none, except unrouted ones, which
    /// are
    /// kept for at least a day.
    public var outboxRetention = SQLiteStore.defaultRetention

    public init() {}
}

/// A store's URL: `sqlite:PATH`, the path being relative to the working directory or absolute.
public struct StoreURL: Hashable, Sendable, CustomStringConvertible {
    public var path: String

    public init(path: String) { self.path = path }

    /// - Throws: ``StoreError`` with code ``StoreError/Code/invalidURL``; its message completes “STORE_URL …”.
    public init(parsing text: String) throws(StoreError) {
        let scheme = "sqlite:"
        guard text.lowercased().hasPrefix(scheme) else {
            throw StoreError(.invalidURL, "must be sqlite:PATH, for example sqlite:./auth.sqlite")
        }
        var path = text.dropFirst(scheme.count)
        // A common form: sqlite:///var/lib/auth.sqlite, with the empty host of a file URL.
        if path.hasPrefix("///") { path = path.dropFirst(2) }
        if path.hasPrefix("//") {
            throw StoreError(
                .invalidURL, "must not name a host: write sqlite:PATH or sqlite:///ABSOLUTE/PATH")
        }
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw StoreError(.invalidURL, "must name a file after sqlite:, for example sqlite:./auth.sqlite")
        }
        if path.hasPrefix(":") {
            throw StoreError(.invalidURL, "must name a file: a store in memory is lost at exit")
        }
        self.path = String(path)
    }

    public var description: String { "sqlite:\(path)" }
}
