// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The version of the SQLite library that the process runs with.
public struct SQLiteVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let parts: [Int]

    /// - Parameter text: in the form of `sqlite_version()`: `3.40.1`.
    public init(_ text: String) {
        parts = (text.split(separator: ".").map { Int($0) ?? 0 } + [0, 0, 0]).prefix(3).map(\.self)
    }

    /// The version of the linked library.
    public static func linked() throws -> SQLiteVersion {
        let text = try DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }
        return SQLiteVersion(text ?? "")
    }

    public var description: String { parts.map(String.init).joined(separator: ".") }

    public static func < (left: SQLiteVersion, right: SQLiteVersion) -> Bool {
        left.parts.lexicographicallyPrecedes(right.parts)
    }

    /// A known bug of this version that may lose data of a store; nil if none is known.
    ///
    /// The WAL-reset bug (https://sqlite.org/wal.html#walresetbug): 3.7.0 to 3.51.2, except 3.44.6, 3.50.7 and later
    /// versions of those two branches, to which the fix was backported.
    public var knownFault: String? {
        if self == SQLiteVersion("3.52.0") {
            return "3.52.0 was withdrawn by its authors; use 3.51.3 or 3.53"
        }
        let isRepaired =
            self < SQLiteVersion("3.7.0") || self >= SQLiteVersion("3.51.3")
            || isOn("3.44", from: SQLiteVersion("3.44.6")) || isOn("3.50", from: SQLiteVersion("3.50.7"))
        if isRepaired { return nil }
        return
            "the WAL-reset bug (https://sqlite.org/wal.html#walresetbug) can, rarely, lose commits or damage a store "
            + "that several connections write to and checkpoint at once; use 3.51.3 or later (3.44.6 and 3.50.7 have "
            + "the fix, too), unless your distribution has patched this version"
    }

    private func isOn(_ branch: String, from first: SQLiteVersion) -> Bool {
        let branch = SQLiteVersion(branch)
        return parts.prefix(2) == branch.parts.prefix(2) && self >= first
    }
}
