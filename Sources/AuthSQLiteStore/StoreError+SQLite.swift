// SPDX-License-Identifier: Apache-2.0
public import AuthStore
public import GRDB
import SQLiteSupport

extension StoreError {
    /// Converts an error of SQLite: its number and message are kept, the statement and its values are not.
    public init(_ error: DatabaseError) {
        let text = error.message ?? "\(error.resultCode)"
        self.init(
            Self.code(of: error), "SQLite: \(text) (\(error.extendedResultCode.rawValue))",
            sqliteCode: error.extendedResultCode.rawValue)
    }

    private static func code(of error: DatabaseError) -> Code {
        switch SQLiteFailure(error) {
        case .full: .full
        case .busy: .busy
        case .notADatabase: .notADatabase
        case .damaged: .damaged
        case .readOnly, .cannotOpen: .unwritable
        case .inputOutput: .inputOutput
        case .rejected: .rejected
        }
    }

    init(_ error: SQLiteFileError) {
        let code: Code =
            switch error.code {
            case .missingFolder, .unwritable: .unwritable
            }
        self.init(code, error.message)
    }

    /// Evaluates an expression and converts its error about a file.
    static func convertingFileErrors<R>(
        _ body: @autoclosure () throws(SQLiteFileError) -> R
    ) throws(StoreError) -> R {
        do { return try body() } catch { throw StoreError(error) }
    }

    /// Runs `body` and converts errors caused by the environment, such as a full disk, to ``StoreError``. `body` may
    /// contain an application's own SQL: violated constraints and invalid statements keep GRDB's error.
    static func convertingDatabaseErrors<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch let error as DatabaseError where code(of: error) != .rejected {
            throw StoreError(error)
        }
    }
}
