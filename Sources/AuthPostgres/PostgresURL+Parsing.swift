// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CPostgres
import Foundation

extension PostgresURL {
    /// The query parameters that are our own; libpq refuses parameters that it does not know.
    private static let own: Set = ["schema", "isolation", "prepared"]

    /// libpq's parameters that a URL may contain. Not among them: those that this library sets, those that would read
    /// other files for credentials, and `hostaddr`, since a host name is resolved here.
    private static let supported: Set = [
        "host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl",
        "ssl_min_protocol_version", "channel_binding", "application_name", "connect_timeout", "options",
        "target_session_attrs", "passfile", "require_auth",
    ]

    static func invalid(_ what: String) -> PostgresError {
        PostgresError(.invalidURL, "the database's URL \(what)")
    }

    /// Refuses an `@` that is not the end of the user and password: it shows that a password contains an `@`, `/` or `?`
    /// that is not percent-encoded, a part of which libpq would take for a host or a database name.
    static func checkSeparators(_ text: String) throws(PostgresError) {
        guard let scheme = text.firstRange(of: "://") else { return }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let at = rest.firstIndex(of: "@") else { return }
        guard at < authority.endIndex, !rest[rest.index(after: at)...].contains("@") else {
            throw invalid(
                "has an @ that does not end the user and password: in them, and in the query, write @ as %40 and / "
                    + "as %2F")
        }
    }

    /// libpq only accepts lower case.
    static func withLowercasedScheme(_ text: String) -> String {
        text.prefix { $0 != ":" }.lowercased() + text.drop { $0 != ":" }
    }

    /// Takes our own parameters out of the query.
    ///
    /// - Returns: The URL for libpq.
    static func separate(_ text: String, _ ours: inout [String: String]) throws(PostgresError) -> String {
        guard let mark = text.firstIndex(of: "?") else { return text }
        var kept: [Substring] = []
        for parameter in text[text.index(after: mark)...].split(separator: "&") {
            let equals = parameter.firstIndex(of: "=") ?? parameter.endIndex
            guard let name = PercentCoding.decode(parameter[..<equals]),
                let value = PercentCoding.decode(parameter[equals...].dropFirst()), !value.isEmpty
            else {
                throw invalid("has a query parameter without a value, or one that is not percent-encoded")
            }
            if own.contains(name) {
                ours[name] = value
            } else if supported.contains(name) {
                kept.append(parameter)
            } else {
                throw invalid(
                    "has an unsupported query parameter (or a ? in its password: write it as %3F); supported are "
                        + own.union(supported).sorted().joined(separator: ", "))
            }
        }
        let rest = String(text[..<mark])
        return kept.isEmpty ? rest : rest + "?" + kept.joined(separator: "&")
    }

    /// What libpq reads in a URL.
    static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        final class Found { var values: [String: String] = [:] }
        let found = Found()
        let isValid = cpg_parse_url(url, Unmanaged.passUnretained(found).toOpaque()) {
            context, keyword, value in
            guard let context else { return }
            Unmanaged<Found>.fromOpaque(context).takeUnretainedValue()
                .values[String(cString: keyword)] = String(cString: value)
        }
        guard isValid else {
            throw invalid(
                "is not a valid connection URI: write special characters of user and password percent-encoded (RFC "
                    + "3986), and an IPv6 address in brackets")
        }
        return found.values
    }

    /// The pairs of hosts and ports: one port is for all hosts.
    static func hosts(_ names: String?, _ ports: String?) throws(PostgresError) -> [Host] {
        let names = (names ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let ports = (ports ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard ports.count == 1 || ports.count == names.count else {
            throw invalid("must have one port for all hosts, or one for each")
        }
        for port in ports where !port.isEmpty {
            guard let number = Int(port), (1...65535).contains(number) else {
                throw invalid("has a port that is not a number from 1 to 65535")
            }
        }
        guard !names.contains(where: { $0.dropFirst().contains("@") }) else {
            throw invalid("has a host with an @: in the user and password write @ as %40 and / as %2F")
        }
        return names.enumerated().map { index, name in
            Host(name: name, port: ports.count == 1 ? ports[0] : ports[index])
        }
    }

    static func checkEncryption(_ hosts: [Host], _ mode: String?) throws(PostgresError) {
        if isLocal(hosts) || mode == nil || mode == "verify-full" { return }
        throw invalid(
            "has an sslmode weaker than verify-full, which is only accepted for loopback addresses and Unix sockets"
        )
    }

    /// Refuses a Unix socket if a variable of libpq's could replace it by another host, without encryption. Nothing can
    /// be set instead, since libpq ignores an empty `hostaddr`.
    static func checkEnvironment(_ hosts: [Host], _ environment: [String: String]) throws(PostgresError) {
        guard hosts.contains(where: \.isUnixSocket) else { return }
        for name in ["PGHOSTADDR", "PGSERVICE"] where environment[name] != nil {
            throw invalid("names a Unix socket, but the environment variable \(name) is set: unset it")
        }
    }

    static func checkSessionAttributes(_ value: String?) throws(PostgresError) {
        if value == nil || value == "read-write" || value == "primary" { return }
        throw invalid("has a target_session_attrs that is neither read-write nor primary")
    }

    static func isLocal(_ hosts: [Host]) -> Bool {
        hosts.allSatisfy { $0.isUnixSocket || Loopback.isHost($0.name) }
    }

    // MARK: For libpq

    /// The settings of every session. The limits keep a hung process from holding others' locks; the server notices a
    /// lost client after about 11 s instead of two hours, and after 2 s while it runs a statement.
    private static let sessionOptions =
        "-c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
        + " -c client_connection_check_interval=2s -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2"
        + " -c tcp_keepalives_count=3"
        // Whatever the role's default: a statement alone has to see what was committed while it waited for a lock.
        + " -c default_transaction_isolation=read\\ committed"

    /// Files of trusted certificate authorities on common systems.
    private static let authorities = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]

    /// libpq's keywords and values for one host. What is set here explicitly is not taken from libpq's environment.
    func options(for host: Host) -> [String: String] {
        var options = parameters
        // Without a host libpq would take that of PGHOST.
        options["host"] = host.name.isEmpty ? Host.socketFolder : host.name
        options["port"] = host.port.isEmpty ? "5432" : host.port
        options["fallback_application_name"] = "auth-signals"
        options["client_encoding"] = "UTF8"
        options["gssencmode"] = "disable"
        options["keepalives"] = "1"
        options["keepalives_idle"] = "5"
        options["keepalives_interval"] = "2"
        options["keepalives_count"] = "3"
        options["tcp_user_timeout"] = "10000"
        options["connect_timeout"] = nil
        if options["target_session_attrs"] == nil { options["target_session_attrs"] = "read-write" }
        // A file that does not exist: a password comes from the URL only.
        if options["passfile"] == nil { options["passfile"] = "/dev/null/none" }
        if Self.isLocal(hosts) {
            if options["sslmode"] == nil { options["sslmode"] = "disable" }
        } else {
            options["sslmode"] = "verify-full"
        }
        if options["sslmode"] == "verify-full", options["sslrootcert"] == nil {
            options["sslrootcert"] =
                cpg_library_version() >= 160_000
                ? "system" : Self.authorities.first { FileManager.default.fileExists(atPath: $0) }
        }
        var session = Self.sessionOptions
        if let schema { session += " -c search_path=\(schema)" }
        if let more = parameters["options"] { session += " " + more }
        options["options"] = session
        return options
    }

    /// The URL's `connect_timeout`, in seconds for one host.
    var connectTimeout: Duration? {
        parameters["connect_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? .seconds(min($0, 3600)) : nil }
    }
}
