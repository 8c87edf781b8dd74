// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
public import Logging

/// Where mails are sent: `file:./mail`, `smtp://host:port`, `smtps://user:password@host` or `log:`.
public struct MailURL: Hashable, Sendable, CustomStringConvertible {
    /// The transport that the URL names.
    public enum Target: Hashable, Sendable {
        /// A folder; each mail becomes a file.
        case folder(String)
        case smtp(SMTPSettings)
        /// Nothing is delivered; each mail is logged.
        case log
    }

    public let target: Target

    public init(_ target: Target) { self.target = target }

    /// Reads a URL.
    ///
    /// - `file:` and a path, absolute or relative to the working directory.
    /// - `smtp://` and a host; port 25, or 587 with a user. With a user, STARTTLS is required; otherwise it is used
    ///   if the
    ///   server offers it, and required with `?starttls=required`.
    /// - `smtps://` and a host; TLS from the first byte; port 465.
    /// - User and password come before the host; characters other than letters and digits are percent-encoded.
    ///   `?cacertfile=` names a PEM file of certificate authorities to trust instead of the system's.
    ///
    /// - Throws: ``MailError/Code/invalidURL`` with the reason; the URL is not quoted, because it may contain a
    ///   password.
    public init(_ text: String) throws(MailError) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        switch scheme {
        case "log" where text.utf8.count == 4: target = .log
        case "file": target = .folder(try Self.folder(String(text.dropFirst(5))))
        case "smtp", "smtps": target = .smtp(try Self.smtp(text, isSecure: scheme == "smtps"))
        default:
            throw MailError(.invalidURL, "must begin with file:, smtp:// or smtps://, or be log:")
        }
    }

    /// The URL without user and password.
    public var description: String {
        switch target {
        case .folder(let path): "file:\(path)"
        case .smtp(let settings): settings.description
        case .log: "log:"
        }
    }

    /// Creates the transport. Nothing is connected or written yet.
    ///
    /// - Parameters:
    ///   - connections: how many mails an SMTP transport may have in flight at a time, at least 1.
    ///   - logger: receives the log lines.
    public func transport(connections: Int = 1, logger: Logger) -> any MailTransport {
        switch target {
        case .folder(let path): FileTransport(folder: path)
        case .smtp(let settings): SMTPTransport(settings, connections: connections)
        case .log: LogTransport(logger: logger)
        }
    }

    private static func folder(_ rest: String) throws(MailError) -> String {
        var path = rest
        if rest.hasPrefix("//") {
            path = String(rest.dropFirst(2))
            guard path.hasPrefix("/") else {
                throw MailError(
                    .invalidURL, "must name a folder on this host: file:./mail or file:///var/mail")
            }
        }
        guard let decoded = PercentCoding.decode(path), !decoded.isEmpty else {
            throw MailError(.invalidURL, "must name a folder after file:, as in file:./mail")
        }
        return decoded
    }

    private static func smtp(_ text: String, isSecure: Bool) throws(MailError) -> SMTPSettings {
        guard let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            let host = parts.encodedHost, !host.isEmpty
        else {
            throw MailError(
                .invalidURL,
                "must be like smtp://user:password@host:port, characters other than letters and digits in user "
                    + "and password percent-encoded")
        }
        guard parts.path.isEmpty || parts.path == "/", parts.fragment == nil else {
            throw MailError(.invalidURL, "must not have a path or a fragment")
        }
        var settings = SMTPSettings(host: host, isSecure: isSecure)
        if let user = parts.percentEncodedUser, !user.isEmpty {
            guard let password = parts.percentEncodedPassword else {
                throw MailError(.invalidURL, "must have a password after the user, as in user:password@host")
            }
            guard let user = PercentCoding.decode(user), let password = PercentCoding.decode(password),
                !(user + password).unicodeScalars.contains(where: { $0.value < 0x20 })
            else {
                throw MailError(
                    .invalidURL, "must have UTF-8 without control characters in user and password")
            }
            settings.login = SMTPSettings.Login(user: user, password: Password(password))
        }
        if let port = parts.port {
            guard (1...65535).contains(port) else {
                throw MailError(.invalidURL, "must have a port from 1 to 65535")
            }
            settings.port = port
        } else {
            settings.port = isSecure ? 465 : settings.login == nil ? 25 : 587
        }
        settings.requiresTLS = isSecure || settings.login != nil
        for item in parts.queryItems ?? [] { try apply(item, to: &settings) }
        return settings
    }

    private static func apply(_ item: URLQueryItem, to settings: inout SMTPSettings) throws(MailError) {
        switch (item.name, item.value ?? "") {
        case ("starttls", "required"): settings.requiresTLS = true
        case ("starttls", "opportunistic"):
            guard settings.login == nil, !settings.isSecure else {
                throw MailError(
                    .invalidURL, "must not have starttls=opportunistic: a password is never sent without TLS")
            }
        case ("starttls", _):
            throw MailError(.invalidURL, "must have required or opportunistic after starttls=")
        case ("cacertfile", let path) where !path.isEmpty: settings.authorities = path
        default:
            throw MailError(.invalidURL, "must not have options other than starttls and cacertfile")
        }
    }
}
