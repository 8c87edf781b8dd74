// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// The address of a PostgreSQL database with credentials:
/// `postgres://user:password@host:5432,standby:5432/database?schema=auth`.
///
/// It is libpq's connection URI (PostgreSQL documentation, 34.1.1.2). Several hosts are tried one after the other; the
/// first one that accepts writes is used. These query parameters are our own:
///
/// - `schema`: the schema of the tables, which becomes the connection's `search_path`.
/// - `isolation`: `read-committed` (default) or `serializable`, for transactions that write.
/// - `prepared`: `no` for a proxy between client and server that cannot keep prepared statements.
///
/// The connection is encrypted and the server's certificate and host name are verified (`sslmode=verify-full`) unless
/// all hosts are loopback addresses or Unix sockets; a weaker `sslmode` is refused.
///
/// libpq itself also reads its environment variables, such as `PGPASSWORD`, for what the URL does not contain. They cannot
/// change which host it connects to, or whether the connection is encrypted.
public struct PostgresURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// One host of the URL.
    struct Host: Hashable, Sendable {
        /// A name, an address, or the folder of a Unix socket; empty: ``socketFolder``.
        var name: String
        /// Empty: 5432.
        var port: String

        /// The folder of the server's socket on Debian and its descendants, and in PostgreSQL's container images.
        static let socketFolder = "/var/run/postgresql"

        var isUnixSocket: Bool { name.isEmpty || name.hasPrefix("/") || name.hasPrefix("@") }
    }

    /// At least one.
    let hosts: [Host]
    /// libpq's keywords with their values, without hosts and ports.
    let parameters: [String: String]
    /// The schema that becomes the `search_path`; nil: the user's default.
    public let schema: String?
    /// The isolation level of transactions that write.
    public let isolation: PostgresIsolation
    /// Whether statements are prepared.
    public let isPrepared: Bool

    /// Parses a URL.
    ///
    /// - Throws: ``PostgresError`` with code ``PostgresError/Code/invalidURL``. Its message never quotes the text, which
    ///   may contain a password.
    public init(parsing text: String) throws(PostgresError) {
        guard ["postgres://", "postgresql://"].contains(where: text.lowercased().hasPrefix) else {
            throw Self.invalid("must begin with postgres:// or postgresql://")
        }
        guard !text.utf8.contains(0), !text.contains("#") else {
            throw Self.invalid("contains a #; in a user or password write it as %23")
        }
        try Self.checkSeparators(text)
        var ours: [String: String] = [:]
        var libpq = try Self.parse(try Self.separate(Self.withLowercasedScheme(text), &ours))
        hosts = try Self.hosts(libpq.removeValue(forKey: "host"), libpq.removeValue(forKey: "port"))
        try Self.checkEncryption(hosts, libpq["sslmode"])
        try Self.checkEnvironment(hosts, ProcessInfo.processInfo.environment)
        try Self.checkSessionAttributes(libpq["target_session_attrs"])
        parameters = libpq

        schema = ours["schema"]
        if let schema, schema.wholeMatch(of: #/[a-z_][a-z0-9_]{0,62}/#) == nil {
            throw Self.invalid(
                "has a schema that is not a name of 1 to 63 lower-case letters, digits and underscores")
        }
        switch ours["isolation"] {
        case nil, "read-committed": isolation = .readCommitted
        case "serializable": isolation = .serializable
        default: throw Self.invalid("has an isolation that is neither read-committed nor serializable")
        }
        switch ours["prepared"] {
        case nil, "yes": isPrepared = true
        case "no": isPrepared = false
        default: throw Self.invalid("has a value of prepared that is neither yes nor no")
        }
    }

    /// Hosts, ports and database; never the user or the password. A database name that contains an `@` is not shown: it
    /// could be the end of a password that was not percent-encoded.
    public var description: String {
        let hosts = hosts.map { host in
            let name = host.name.contains(":") ? "[\(host.name)]" : PercentCoding.encode(host.name)
            return host.port.isEmpty ? name : "\(name):\(host.port)"
        }
        let schema = schema.map { "?schema=\($0)" } ?? ""
        let database = parameters["dbname"] ?? ""
        return
            "postgres://\(hosts.joined(separator: ","))/\(database.contains("@") ? "…" : database)\(schema)"
    }

    public var debugDescription: String { description }

    /// Keeps `dump` from showing more than ``description``.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
