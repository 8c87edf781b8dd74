// SPDX-License-Identifier: Apache-2.0

/// A path that cannot be used for a SQLite database, found before SQLite opens it. The targets above convert it
/// to their own errors.
package struct SQLiteFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error.
    package enum Code: Hashable, Sendable {
        /// The file's folder does not exist.
        case missingFolder
        /// This user cannot create or write the file.
        case unwritable
    }

    package let code: Code
    /// What is wrong and what to do.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
