// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// How to connect to an SMTP server.
public struct SMTPSettings: Hashable, Sendable, CustomStringConvertible {
    /// The credentials of the log-in (SMTP AUTH, RFC 4954).
    public struct Login: Hashable, Sendable {
        public var user: String
        public var password: Password

        public init(user: String, password: Password) {
            self.user = user
            self.password = password
        }

        public static func == (a: Login, b: Login) -> Bool {
            a.user == b.user && a.password.exposedText == b.password.exposedText
        }

        public func hash(into hasher: inout Hasher) { hasher.combine(user) }
    }

    /// A name or an address; IPv6 in brackets.
    public var host: String
    public var port: Int
    /// Whether TLS is used from the first byte (RFC 8314); otherwise it starts with STARTTLS.
    public var isSecure: Bool
    /// Whether TLS and a verified certificate are required. Otherwise STARTTLS is used if it is offered, with any
    /// certificate (RFC 7435).
    public var requiresTLS: Bool
    public var login: Login?
    /// A PEM file of the certificate authorities to trust; nil trusts the system's.
    public var authorities: String?
    /// The name sent with EHLO (RFC 5321, section 4.1.1.1): a qualified host name, or an address in brackets. Many
    /// servers refuse any other (`504 5.5.2`). Nil sends the host's own name, which may not be qualified.
    public var helloName: String?
    /// The address that a check uses as sender and recipient up to RCPT, without a mail. With nil it stops after the
    /// log-in.
    public var checkAddress: String?
    /// For name resolution, connection and TLS together.
    public var connectTimeout: Duration = .seconds(10)
    /// For one mail as a whole.
    public var sendTimeout: Duration = .seconds(60)

    /// - Parameters:
    ///   - host: the name or the address of the host.
    ///   - port: the port.
    ///   - isSecure: also sets ``requiresTLS``.
    public init(host: String, port: Int = 25, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
        requiresTLS = isSecure
    }

    /// The URL without user and password.
    public var description: String { "\(isSecure ? "smtps" : "smtp")://\(host):\(port)" }
}
