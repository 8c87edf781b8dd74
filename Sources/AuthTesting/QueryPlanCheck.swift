// SPDX-License-Identifier: Apache-2.0
package import Testing

/// Checks that no statement reads a whole table, except the listed ones. The cost of a statement that does grows with
/// its table.
package struct QueryPlanCheck: Sendable {
    /// A statement that may read a whole table, and the reason.
    package struct Exception: Sendable {
        let part: String
        let reason: String

        /// - Parameters:
        ///   - part: a part of the statement, in which all white space is a single space.
        ///   - reason: why the table, or what is read of it, stays small.
        package init(_ part: String, _ reason: String) {
            self.part = part
            self.reason = reason
        }
    }

    private let exceptions: [Exception]
    private let leastStatements: Int

    /// - Parameters:
    ///   - exceptions: each must be needed.
    ///   - leastStatements: fewer statements fail the check, since they were not recorded as they should be.
    package init(except exceptions: [Exception], leastStatements: Int) {
        self.exceptions = exceptions
        self.leastStatements = leastStatements
    }

    /// Records an issue for each statement that reads a whole table and is not listed, and for each exception that is
    /// not needed.
    ///
    /// - Parameters:
    ///   - statements: those that are not queries or changes of rows are ignored.
    ///   - scans: explains a statement, and returns the steps of its plan that read a whole table.
    package func check(
        _ statements: some Sequence<String>, sourceLocation: SourceLocation = #_sourceLocation,
        scans: (String) async throws -> [String]
    ) async throws {
        let statements = statements.filter(Self.hasPlan).sorted()
        #expect(
            statements.count >= leastStatements, "only \(statements.count) statements were recorded",
            sourceLocation: sourceLocation)
        var used = Set<String>()
        for sql in statements {
            let scans = try await scans(sql)
            if scans.isEmpty { continue }
            let text = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let exception = exceptions.first { text.contains($0.part) }
            #expect(
                exception != nil, "\(text): \(scans.joined(separator: "; "))", sourceLocation: sourceLocation)
            if let exception { used.insert(exception.part) }
        }
        let unused = exceptions.filter { !used.contains($0.part) }
        #expect(unused.isEmpty, "no longer needed: \(unused.map(\.part))", sourceLocation: sourceLocation)
    }

    private static func hasPlan(_ sql: String) -> Bool {
        ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains { sql.hasPrefix($0) }
    }
}
