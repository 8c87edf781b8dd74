// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// A broker's address and credentials: `amqp://user:password@host:5672/vhost`, `amqps://…` for TLS.
///
/// User, password and virtual host are percent-encoded; their defaults are `guest`, `guest` and `/`. An empty path
/// (`amqp://host:5672/`) also means `/` here, but the virtual host "" to many other clients: write such a URL without
/// the slash, or with `%2F`. The query may contain `cacertfile`, `certfile`, `keyfile` (TLS), `heartbeat` (seconds)
/// and `connection_timeout` (milliseconds), as in RabbitMQ's URI query parameters.
public struct BrokerURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// Whether the scheme is `amqps`: TLS 1.2 or newer; the broker's certificate and host name are verified.
    public var isEncrypted: Bool
    public var host: String
    public var port: Int
    public var user: String
    public var password: String
    public var virtualHost: String
    /// PEM file of trusted certificate authorities; nil: the system's.
    public var authoritiesFile: String?
    /// PEM file of the client's certificate chain, for a broker that requests a client certificate.
    public var certificateFile: String?
    /// PEM file of that certificate's key, without a passphrase.
    public var keyFile: String?
    /// Heartbeat interval in seconds; nil: the configuration's.
    public var heartbeat: Int?
    /// Connect timeout in milliseconds; nil: the configuration's.
    public var connectTimeout: Int?

    /// The broker on this host with its default user.
    public static let local = BrokerURL(host: "127.0.0.1")

    /// - Parameters:
    ///   - host: the name or the address of the host.
    ///   - port: nil: 5672, or 5671 with TLS.
    ///   - isEncrypted: whether the connection uses TLS.
    ///   - user: the user.
    ///   - password: the password.
    ///   - virtualHost: the virtual host, without the slash in front.
    public init(
        host: String, port: Int? = nil, isEncrypted: Bool = false, user: String = "guest",
        password: String = "guest", virtualHost: String = "/"
    ) {
        self.host = host
        self.port = port ?? (isEncrypted ? 5671 : 5672)
        self.isEncrypted = isEncrypted
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
    }

    /// Host, port and virtual host; never the user or the password.
    public var description: String {
        let host = host.contains(":") ? "[\(host)]" : host
        // To other clients a URL that ends in a slash means the virtual host "".
        let path = virtualHost == "/" ? "" : "/" + PercentCoding.encode(virtualHost)
        return "\(isEncrypted ? "amqps" : "amqp")://\(host):\(port)\(path)"
    }

    public var debugDescription: String { description }

    /// Keeps `dump` from showing more than ``description``.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
