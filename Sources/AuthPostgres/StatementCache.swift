// SPDX-License-Identifier: Apache-2.0

/// The statements that one connection has prepared, and under which names.
///
/// A prepared statement has fixed types of parameters. The type of NULL is not known: a NULL fits any type, and a
/// statement that was prepared with a NULL is prepared anew when a value with a type comes.
struct StatementCache {
    struct Entry {
        var name: String
        var types: [UInt32]
    }

    enum Use {
        /// Prepared before.
        case prepared(name: String)
        /// To be prepared now; ``StatementCache/add(_:for:)`` follows when the server has done it.
        case new(Entry)
        /// To be sent without a name: statements whose texts are made at run time would fill the server's memory.
        case unnamed
    }

    private var entries: [PostgresStatement: Entry] = [:]
    private var last = 0
    private let isEnabled: Bool

    /// The greatest number of statements that a connection prepares.
    static let limit = 500

    init(isEnabled: Bool) { self.isEnabled = isEnabled }

    mutating func use(_ statement: PostgresStatement, _ types: [UInt32]) -> Use {
        guard isEnabled, last < Self.limit else {
            if let entry = entries[statement], Self.fits(types, entry.types) {
                return .prepared(name: entry.name)
            }
            return .unnamed
        }
        var merged = types
        if let entry = entries[statement] {
            if Self.fits(types, entry.types) { return .prepared(name: entry.name) }
            merged = zip(types, entry.types).map { $0 == 0 ? $1 : $0 }
        }
        last += 1
        return .new(Entry(name: "s\(last)", types: merged.count == types.count ? merged : types))
    }

    mutating func add(_ entry: Entry, for statement: PostgresStatement) { entries[statement] = entry }

    /// Continues the names of another cache, which was a copy of this one.
    mutating func skipNames(of other: StatementCache) { last = max(last, other.last) }

    private static func fits(_ types: [UInt32], _ known: [UInt32]) -> Bool {
        types.count == known.count && zip(types, known).allSatisfy { $0 == 0 || $0 == $1 }
    }
}
