// SPDX-License-Identifier: Apache-2.0
import SQLiteSupport

/// Where the store is and how long it keeps settled rows.
public struct StoreSettings: Hashable, Sendable {
    /// `STORE_URL`.
    public var url = StoreURL(path: "./auth.sqlite")
    /// `OUTBOX_RETENTION`: how long settled rows of the outbox are kept; zero keeps none, except unrouted ones, which are
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
        path = try StoreError.convertingFileErrors(try SQLiteURL.path(in: text, example: "auth.sqlite"))
    }

    public var description: String { SQLiteURL.scheme + path }
}
