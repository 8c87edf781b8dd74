// SPDX-License-Identifier: Apache-2.0

/// A permission that a broker user lacks, and the command that grants it.
///
/// RabbitMQ keeps three regular expressions for each user and virtual host, and `rabbitmqctl set_permissions` replaces
/// all three: a command that grants a permission must repeat those that the user already has.
public struct MissingPermission: Hashable, Sendable {
    /// One of RabbitMQ's three permissions.
    public enum Right: String, Hashable, Sendable, CaseIterable { case configure, write, read }

    public var user: String
    public var virtualHost: String
    /// The missing permissions, in the order of the command's arguments; empty: access to the virtual host itself.
    public var rights: [Right]
    /// The kind of object: `queue`, `exchange` or, for topic permissions, `routing key`.
    public var kind: String
    /// The object's name, or the routing key.
    public var name: String
    /// The exchange of a topic permission.
    public var exchange: String?

    public init(
        user: String, virtualHost: String, rights: [Right], kind: String, name: String,
        exchange: String? = nil
    ) {
        self.user = user
        self.virtualHost = virtualHost
        self.rights = rights
        self.kind = kind
        self.name = name
        self.exchange = exchange
    }

    /// A short description: `read permission on the queue mail.dead in the virtual host auth`.
    public var summary: String {
        if rights.isEmpty { return "access to the virtual host \(virtualHost)" }
        let rights = rights.map(\.rawValue).joined(separator: " and ")
        let object = name + (exchange.map { " of the exchange \($0)" } ?? "")
        return "\(rights) permission on the \(kind) \(object) in the virtual host \(virtualHost)"
    }

    /// The pattern to add to the user's: it matches the object or, if its name has a random part, all such objects.
    public var pattern: String {
        if let match = name.wholeMatch(of: #/(.+\.tail\.)[0-9]+/#) {
            return PermissionPatterns.beginning(match.1)
        }
        if let match = name.wholeMatch(of: #/(.+\.dead\.limit-)[0-9a-z]+\.dead/#) {
            return PermissionPatterns.beginning(match.1)
        }
        return PermissionPatterns.exactly(name)
    }

    /// The command for a POSIX shell that grants the permission and keeps the user's others.
    public var grantCommand: String {
        let host = "-p \(virtualHost.shellWord)"
        // Without access to the virtual host the user has no permissions to keep.
        if rights.isEmpty { return "rabbitmqctl set_permissions \(host) \(user.shellWord) '^$' '^$' '^$'" }
        // `has` prints one column of the user's permissions, to which the missing pattern is added. An empty pattern,
        // which matches nothing, must not become an empty alternative, which matches everything.
        let (list, set, filter, columns) =
            if let exchange {
                (
                    "list_topic_permissions",
                    "set_topic_permissions \(host) \(user.shellWord) \(exchange.shellWord)",
                    #"$1==ENVIRON["U"]&&$2==ENVIRON["X"]"#, [(Right.write, 3), (Right.read, 4)]
                )
            } else {
                (
                    "list_permissions", "set_permissions \(host) \(user.shellWord)", #"$1==ENVIRON["U"]"#,
                    [(Right.configure, 2), (Right.write, 3), (Right.read, 4)]
                )
            }
        let variables = "U=\(user.shellQuoted)" + (exchange.map { " X=\($0.shellQuoted)" } ?? "")
        let arguments = columns.map { right, column in
            rights.contains(right)
                ? #" "$(has \#(column) | sed 's/..*/&|/')"\#(pattern.shellQuoted)"#
                : #" "$(has \#(column))""#
        }
        return "has() { rabbitmqctl -q \(list) \(host) --no-table-headers | \(variables) N=$1 awk -F'\\t' "
            + "'\(filter){print $ENVIRON[\"N\"]}'; }; rabbitmqctl \(set)" + arguments.joined()
    }
}

/// The three regular expressions of a user's permissions in a virtual host.
package struct PermissionPatterns: Hashable, Sendable {
    package var configure: String
    package var write: String
    package var read: String

    package init(configure: String, write: String, read: String) {
        self.configure = configure
        self.write = write
        self.read = read
    }

    package subscript(right: MissingPermission.Right) -> String {
        switch right {
        case .configure: configure
        case .write: write
        case .read: read
        }
    }

    /// The permissions that a publisher needs.
    package static func publisher(exchange: String) -> PermissionPatterns {
        PermissionPatterns(configure: exactly(exchange), write: exactly(exchange), read: "^$")
    }

    /// The permissions that a worker needs for its queue.
    package static func worker(queue: String, exchange: String) -> PermissionPatterns {
        let own = escaped(queue) + #"(\..*)?"#
        return PermissionPatterns(
            configure: "^\(own)$", write: "^\(own)$", read: "^(\(own)|\(escaped(exchange)))$")
    }

    /// The permissions that an operator needs: dead letters, `tail`, `republish --to` and `topology declare` of these
    /// queues. An operator may not publish to the signals' exchange.
    package static func `operator`(queues: [String], exchange: String) -> PermissionPatterns {
        let own = queues.map { escaped($0) + #"(\..*)?"# }
        let tail = escaped(exchange) + #"\.tail\..*"#
        let signals = escaped(exchange)
        return PermissionPatterns(
            configure: "^(" + ([signals, tail] + own).joined(separator: "|") + ")$",
            write: "^(" + ([tail] + own).joined(separator: "|") + ")$",
            read: "^(" + ([signals, tail] + own).joined(separator: "|") + ")$")
    }

    /// A regular expression that matches one name.
    package static func exactly(_ name: String) -> String { "^\(escaped(name))$" }

    /// A regular expression that matches all names with this prefix.
    static func beginning(_ prefix: Substring) -> String { "^" + escaped(String(prefix)) + ".*$" }

    private static func escaped(_ name: String) -> String {
        name.map { #"\.+*?()|[]{}^$"#.contains($0) ? "\\\($0)" : "\($0)" }.joined()
    }

    /// The arguments of `rabbitmqctl set_permissions` after the user, quoted for a shell.
    package var arguments: String {
        MissingPermission.Right.allCases.map { self[$0].shellQuoted }.joined(separator: " ")
    }
}

extension String {
    /// The text as one word of a POSIX shell command, quoted if necessary.
    package var shellWord: String {
        let isPlain =
            !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_./:@%+-=,".utf8.contains(byte)
                }
            }
        return isPlain ? self : shellQuoted
    }

    /// The text in single quotes, for a POSIX shell.
    package var shellQuoted: String { "'" + replacing("'", with: #"'\''"#) + "'" }
}
