// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension BrokerURL {
    /// Parses one URL.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/invalidURL``. Its message never quotes the text, which
    ///   may contain a password.
    public init(_ text: String) throws(BrokerError) {
        guard let scheme = Self.scheme(of: text) else {
            throw Self.invalid("must begin with amqp:// or amqps://")
        }
        self.init(host: "", isEncrypted: scheme == "amqps")
        var rest = text.dropFirst(scheme.count + 3)
        if rest.contains("#") {
            throw Self.invalid("contains a #; in a user, password or virtual host write it as %23")
        }
        var query = rest[rest.endIndex...]
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        if let slash = rest.firstIndex(of: "/") {
            try readVirtualHost(rest[rest.index(after: slash)...])
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            try readUser(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        try readHost(rest)
        for parameter in query.split(separator: "&") { try readParameter(parameter) }
        try check()
    }

    /// Parses complete URLs that are separated by commas: the nodes of one broker.
    ///
    /// - Throws: As ``init(_:)``, also if the list is empty.
    public static func list(_ text: String) throws(BrokerError) -> [BrokerURL] {
        var urls: [BrokerURL] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let part = String(part.drop(while: \.isWhitespace).trimmingWhitespaceAtEnd)
            if !urls.isEmpty, scheme(of: part) == nil {
                throw invalid(
                    "contains several URLs: each must begin with amqp:// or amqps://, and a comma inside a URL must "
                        + "be written as %2C")
            }
            urls.append(try BrokerURL(part))
        }
        return urls
    }

    private static func scheme(of text: String) -> String? {
        ["amqps", "amqp"].first { text.lowercased().hasPrefix($0 + "://") }
    }

    /// The beginning of every error message about a URL.
    static let faultSubject = "the broker's URL "

    private static func invalid(_ what: String) -> BrokerError {
        BrokerError(.invalidURL, faultSubject + what)
    }

    private mutating func readVirtualHost(_ path: Substring) throws(BrokerError) {
        guard !path.contains("/") else {
            throw Self.invalid("has a second / in its path; in a virtual host's name write it as %2F")
        }
        guard let name = PercentCoding.decode(path) else { throw Self.badEncoding("virtual host") }
        if !name.isEmpty { virtualHost = name }
    }

    private mutating func readUser(_ part: Substring) throws(BrokerError) {
        let colon = part.firstIndex(of: ":")
        guard let user = PercentCoding.decode(part[..<(colon ?? part.endIndex)]) else {
            throw Self.badEncoding("user")
        }
        guard !part.contains("@") else {
            throw Self.invalid("has a second @; in a password write it as %40")
        }
        self.user = user
        guard let colon else { return }
        guard let password = PercentCoding.decode(part[part.index(after: colon)...]) else {
            throw Self.badEncoding("password")
        }
        self.password = password
    }

    private mutating func readHost(_ part: Substring) throws(BrokerError) {
        var name = part
        var number: Substring?
        if part.first == "[" {
            guard let end = part.firstIndex(of: "]") else { throw Self.invalid("has a [ without a ]") }
            name = part[part.index(after: part.startIndex)..<end]
            let rest = part[part.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw Self.invalid("has text after the ]") }
            number = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = part.lastIndex(of: ":") {
            name = part[..<colon]
            number = part[part.index(after: colon)...]
            guard !name.contains(":") else { throw Self.invalid("needs brackets around its IPv6 address") }
        }
        guard let host = PercentCoding.decode(name), !host.isEmpty, host.utf8.count < 256 else {
            throw Self.invalid("has no valid host")
        }
        self.host = host
        guard let number else { return }
        guard let port = Int(number), (1...65535).contains(port) else {
            throw Self.invalid("has a port that is not a number from 1 to 65535")
        }
        self.port = port
    }

    private mutating func readParameter(_ parameter: Substring) throws(BrokerError) {
        let equals = parameter.firstIndex(of: "=") ?? parameter.endIndex
        let name = String(parameter[..<equals])
        guard let value = PercentCoding.decode(parameter[equals...].dropFirst()), !value.isEmpty else {
            throw Self.invalid("has a query parameter without a value")
        }
        switch name {
        case "cacertfile": authoritiesFile = value
        case "certfile": certificateFile = value
        case "keyfile": keyFile = value
        case "heartbeat":
            guard let seconds = Int(value), (0...3600).contains(seconds) else {
                throw Self.invalid("has a heartbeat that is not a number of seconds from 0 to 3600")
            }
            heartbeat = seconds
        case "connection_timeout":
            guard let milliseconds = Int(value), (1...3_600_000).contains(milliseconds) else {
                throw Self.invalid(
                    "has a connection_timeout that is not a number of milliseconds from 1 to 3600000")
            }
            connectTimeout = milliseconds
        default:
            throw Self.invalid(
                "has an unknown query parameter; supported are cacertfile, certfile, keyfile, heartbeat and "
                    + "connection_timeout")
        }
    }

    private func check() throws(BrokerError) {
        if !isEncrypted, authoritiesFile != nil || certificateFile != nil || keyFile != nil {
            throw Self.invalid("has certificate files but no encryption: it must begin with amqps://")
        }
        if (certificateFile == nil) != (keyFile == nil) {
            throw Self.invalid("must have both certfile and keyfile, or neither")
        }
    }

    private static func badEncoding(_ part: String) -> BrokerError {
        invalid("has a \(part) that is not percent-encoded UTF-8 (write % itself as %25)")
    }
}

extension Substring {
    fileprivate var trimmingWhitespaceAtEnd: Substring {
        var rest = self
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
