// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthPostgres
import AuthStore

extension PostgresError {
    /// Whether the whole transaction has to be run again.
    var isRetryable: Bool { code == .serialization }

    /// What to do if numbers of signals were assigned twice; nil for other errors.
    fileprivate var adviceOnNumbers: String? {
        guard code == .conflict else { return nil }
        switch constraint {
        case "auth_outbox_history_pkey": return Self.advice(on: "auth_outbox_history")
        case "auth_outbox_parked_pkey": return Self.advice(on: "auth_outbox_parked")
        case "auth_outbox_sequence":
            return """
                the next number of a signal is in use, because last_sequence of auth_outbox_count was set back: restart \
                the relay, which raises it
                """
        default: return nil
        }
    }

    private static func advice(on table: String) -> String {
        """
        the number of a pending signal is already in \(table), because last_sequence of auth_outbox_count was set back. \
        Stop all servers and relays, run "UPDATE auth_outbox SET sequence = NULL WHERE sequence IN (SELECT sequence \
        FROM \(table))", and start them again: these signals are published again, with new numbers
        """
    }

    /// Whether the error is about a table of the store.
    fileprivate var isAboutStore: Bool { table?.hasPrefix("auth_") ?? false }
}

extension PostgresError: CodedFailure {
    public var logCode: String { "\(code)" + (state.map { " \($0)" } ?? "") }
}

extension StoreConflict {
    /// The conflict that a violated constraint stands for; nil if it is not one of the store's.
    ///
    /// PostgreSQL names the constraint, so that no query is needed, which would fail in a transaction that has failed.
    init?(_ error: PostgresError) {
        guard error.code == .conflict else { return nil }
        switch error.constraint {
        case "auth_user_username_key": self = .username
        case "auth_email_address_email", "auth_email_address_of_user": self = .duplicateEmail
        case "auth_email_address_verified": self = .verifiedEmail
        case "auth_email_address_primary": self = .primaryEmail
        case "auth_social_account_uid": self = .socialAccount
        default: return nil
        }
    }
}

extension StoreError {
    static let readOnly = StoreError(
        .unreachable, "the server is read only: a standby, or default_transaction_read_only is on")

    /// What a failure of PostgreSQL means for the store's caller.
    ///
    /// An application's own SQL runs in the same transactions: violated constraints of its tables and invalid statements
    /// keep PostgreSQL's error.
    ///
    /// - Parameter isOwn: whether the statement is the store's own.
    static func cause(of error: PostgresError, isOwn: Bool = false) -> any Error {
        if let conflict = StoreConflict(error) { return conflict }
        if error.code == .unknownOutcome { return UnknownOutcome() }
        if let advice = error.adviceOnNumbers {
            return StoreError(.rejected, "\(advice) (PostgreSQL: \(error.message))")
        }
        guard let code = code(of: error, isOwn: isOwn) else { return error }
        // The message contains the state, if one exists.
        let prefix = "PostgreSQL: "
        return StoreError(
            code, error.message.hasPrefix(prefix) ? error.message : prefix + error.message,
            sqlState: error.state)
    }

    private static func code(of error: PostgresError, isOwn: Bool) -> Code? {
        // An application's statement that was put off may fail at a statement of the store; it has a table.
        let isAboutStore = error.isAboutStore || (isOwn && error.table == nil)
        return code(of: error, isAboutStore: isAboutStore)
    }

    private static func code(of error: PostgresError, isAboutStore: Bool) -> Code? {
        switch error.code {
        case .unreachable, .tls, .closed: .unreachable
        case .busy, .serialization: .busy
        case .full: .full
        case .refused: error.state == "42P01" && !isAboutStore ? nil : .refused
        case .inputOutput: .inputOutput
        case .unexpectedResult, .damaged: .damaged
        case .invalidURL: .invalidURL
        case .conflict, .rejected: isAboutStore ? .rejected : nil
        default: nil
        }
    }

    /// Runs `body` and converts errors of PostgreSQL (``cause(of:)``).
    static func convertingPostgresErrors<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch let error as PostgresError {
            throw cause(of: error)
        }
    }
}

extension String {
    /// The text as PostgreSQL can store it: without U+0000, which becomes U+FFFD.
    var storable: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }))
    }

    /// Whether no stored text can be equal to it.
    var isUnstorable: Bool { utf8.contains(0) }
}
