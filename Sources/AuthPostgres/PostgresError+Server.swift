// SPDX-License-Identifier: Apache-2.0
import CPostgres

extension PostgresError {
    /// Converts an error that the server, or libpq, reported for a statement.
    ///
    /// The server's message is kept only for classes of errors whose messages do not quote values (PostgreSQL
    /// documentation, appendix A).
    init(_ result: OpaquePointer) {
        let state = String(cString: cpg_result_state(result))
        if state.isEmpty {
            self = .lost
            return
        }
        let text = String(cString: cpg_result_message(result))
        let isQuotable = Self.quotableClasses.contains(String(state.prefix(2)))
        let described = isQuotable ? text : Self.meaning(ofClass: state.prefix(2))
        self.init(
            Self.code(ofState: state), "PostgreSQL: \(described) (\(state))", state: state,
            constraint: cpg_result_constraint(result).map { String(cString: $0) },
            table: cpg_result_table(result).map { String(cString: $0) })
    }

    /// Converts a failed attempt to connect.
    init(_ status: CPGStatus, loginState state: String) {
        switch status {
        case .refused:
            self.init(
                Self.code(ofLoginState: state),
                "the server refused the log-in: \(Self.loginFault(state)) (\(state))",
                state: state)
        case .tls:
            self.init(
                .tls,
                "TLS failed: the server does not use it, its certificate is not trusted or is for another host, or a "
                    + "certificate file cannot be used")
        case .readOnly:
            self.init(
                .unreachable,
                "no host of the URL accepts writes: each is read only: a standby, or "
                    + "default_transaction_read_only is on")
        case .nameUnresolved: self.init(.unreachable, "the host name cannot be resolved")
        case .timedOut: self.init(.unreachable, "the server did not answer in time")
        case .interrupted: self.init(.closed, "the connection was closed")
        case .noMemory: self.init(.unreachable, "the process is out of memory, threads or file descriptors")
        default: self.init(.unreachable, "the server does not accept connections")
        }
    }

    static let lost = PostgresError(.unreachable, "the connection was lost")

    static func code(ofState state: String) -> Code {
        switch state {
        case "23505": .conflict
        case "40001", "40P01": .serialization
        case "55P03", "57014": .busy
        case "53100": .full
        case "57P01", "57P02", "57P03", "57P04", "57P05", "25006", "25P03": .unreachable
        case "3D000", "3F000", "42501", "42P01": .refused
        case _ where state.hasPrefix("08"): .unreachable
        case _ where state.hasPrefix("28"): .refused
        case _ where state.hasPrefix("53"): .busy
        case _ where state.hasPrefix("58"): .inputOutput
        case _ where state.hasPrefix("XX"): .damaged
        default: .rejected
        }
    }

    /// What a server reports for `options` of the URL: unknown, invalid, not settable at a log-in, or malformed.
    private static let optionStates: Set = ["42704", "22023", "55P02", "42601"]

    /// The cause of these states is the URL, not a statement.
    private static func code(ofLoginState state: String) -> Code {
        optionStates.contains(state) ? .refused : code(ofState: state)
    }

    /// Whether the connection must not be used after the error: the server has ended it or is no longer the primary; or a
    /// prepared statement is unknown (behind a proxy) or returns other columns than before (after a migration).
    var endsConnection: Bool { code == .unreachable || state == "26000" || state == "0A000" }

    private static let quotableClasses: Set = [
        "08", "0A", "23", "25", "40", "42", "53", "54", "55", "57", "58",
    ]

    private static func meaning(ofClass name: some StringProtocol) -> String {
        switch name {
        case "22": "a value does not fit"
        case "P0": "a function raised an error"
        case "XX": "the server found damaged data, or failed internally"
        default: "the statement failed"
        }
    }

    private static func loginFault(_ state: String) -> String {
        switch state {
        case "28P01": "wrong user or password"
        case "28000": "the user may not log in, or pg_hba.conf has no entry for this host"
        case "3D000": "the database does not exist"
        case _ where optionStates.contains(state):
            "it does not know or accept a setting in the URL's options, or is older than PostgreSQL 14"
        case "53300": "too many connections"
        case "57P03": "it is starting, stopping or recovering"
        default: "see its log"
        }
    }
}
