// SPDX-License-Identifier: Apache-2.0

/// Users, virtual hosts, policies and queues of a node, by the functions that `rabbitmqctl` calls.
extension PrivateBroker {
    /// Adds a user without permissions.
    public func addUser(_ name: String, password: String) async throws {
        try await evaluate(
            "ok = rabbit_auth_backend_internal:add_user(\(binary(name)), \(binary(password)), \(actor))")
    }

    /// Changes a user's password; its open connections stay.
    public func changePassword(of user: String, to password: String) async throws {
        try await evaluate(
            """
            ok = rabbit_auth_backend_internal:change_password(
                \(binary(user)), \(binary(password)), \(actor))
            """)
    }

    /// Deletes a user with its permissions.
    public func deleteUser(_ name: String) async throws {
        try await evaluate("ok = rabbit_auth_backend_internal:delete_user(\(binary(name)), \(actor))")
    }

    /// Sets the patterns of the names that a user may configure, write and read.
    public func setPermissions(
        of user: String, configure: String, write: String, read: String, in virtualHost: String = "/"
    ) async throws {
        let patterns = [configure, write, read].map(binary).joined(separator: ", ")
        try await evaluate(
            """
            ok = rabbit_auth_backend_internal:set_permissions(
                \(binary(user)), \(binary(virtualHost)), \(patterns), \(actor))
            """)
    }

    /// Sets the patterns of the routing keys that a user may write to and read from an exchange of the virtual host `/`.
    public func setTopicPermissions(
        of user: String, on exchange: String, write: String, read: String
    ) async throws {
        let patterns = [exchange, write, read].map(binary).joined(separator: ", ")
        try await evaluate(
            """
            ok = rabbit_auth_backend_internal:set_topic_permissions(
                \(binary(user)), <<"/">>, \(patterns), \(actor))
            """)
    }

    /// A user's patterns for configure, write and read, by virtual host.
    public func permissions(of user: String) async throws -> [String: [String]] {
        let table = try await evaluate(
            """
            [io:format("~ts~n~ts~n~ts~n~ts~n", [proplists:get_value(K, P) || K <- [vhost, configure, write, read]])
                || P <- rabbit_auth_backend_internal:list_user_permissions(\(binary(user)))]
            """)
        var lines = table.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        var permissions: [String: [String]] = [:]
        while lines.count >= 4 {
            let row = Array(lines.prefix(4))
            permissions[row[0]] = Array(row.dropFirst())
            lines = lines.dropFirst(4)
        }
        return permissions
    }

    /// Sets a policy for queues.
    ///
    /// - Parameters:
    ///   - pattern: matches the queues' names.
    ///   - definition: a JSON object, such as `{"max-length":5}`.
    public func setPolicy(
        _ name: String, _ pattern: String, _ definition: String, in virtualHost: String = "/"
    ) async throws {
        let texts = [virtualHost, name, pattern, definition].map(binary).joined(separator: ", ")
        try await evaluate("ok = rabbit_policy:parse_set(\(texts), 0, <<\"queues\">>, \(actor))")
    }

    /// Deletes a policy.
    public func clearPolicy(_ name: String, in virtualHost: String = "/") async throws {
        try await evaluate("ok = rabbit_policy:delete(\(binary(virtualHost)), \(binary(name)), \(actor))")
    }

    /// The names of all queues of a virtual host.
    public func queueNames(in virtualHost: String = "/") async throws -> [String] {
        let names = try await evaluate(
            #"[io:format("~ts~n", [element(4, Q)]) || Q <- rabbit_amqqueue:list_names(\#(binary(virtualHost)))]"#
        )
        return names.split(separator: "\n").map(String.init)
    }

    /// The names of the queues of a virtual host that have consumers, and therefore also their bindings.
    public func consumedQueueNames(in virtualHost: String = "/") async throws -> [String] {
        let names = try await evaluate(
            #"""
            [io:format("~ts~n", [element(4, proplists:get_value(queue_name, C))])
                || C <- rabbit_amqqueue:consumers_all(\#(binary(virtualHost)))]
            """#)
        return names.split(separator: "\n").map(String.init)
    }

    /// Adds a virtual host; the user guest gets all permissions in it.
    public func addVirtualHost(_ name: String) async throws {
        try await evaluate("ok = rabbit_vhost:add(\(binary(name)), \(actor))")
        try await setPermissions(of: "guest", configure: ".*", write: ".*", read: ".*", in: name)
    }

    /// Deletes a virtual host with its queues, exchanges, policies and permissions, if it exists.
    public func deleteVirtualHost(_ name: String) async throws {
        let name = binary(name)
        try await evaluate("rabbit_vhost:exists(\(name)) andalso rabbit_vhost:delete(\(name), \(actor))")
    }

    /// Runs a body with a new virtual host, and deletes it afterwards.
    ///
    /// - Parameter body: its parameters are the virtual host's name and the AMQP URL of the user guest in it.
    public func withVirtualHost(_ body: (String, String) async throws -> Void) async throws {
        let name = "v\(UInt32.random(in: 0...UInt32.max))"
        try await addVirtualHost(name)
        do { try await body(name, "\(url)/\(name)") } catch {
            try? await deleteVirtualHost(name)
            throw error
        }
        try await deleteVirtualHost(name)
    }

    /// Runs a body while the node's largest message has another size. Channels read the limit when they are opened.
    public func withLargestMessage(_ bytes: Int, _ body: () async throws -> Void) async throws {
        // Since RabbitMQ 3.12 the limit is a persistent term.
        func limit(_ bytes: String) -> String {
            "application:set_env(rabbit, max_message_size, \(bytes)), "
                + "persistent_term:put(max_message_size, \(bytes))"
        }
        let previous = try await evaluate(
            "{ok, Size} = application:get_env(rabbit, max_message_size), io:format(\"~b\", [Size]), "
                + limit("\(bytes)"))
        do { try await body() } catch {
            _ = try? await evaluate(limit(previous))
            throw error
        }
        try await evaluate(limit(previous))
    }

    /// The name that the node logs as the cause of a change.
    private var actor: String { #"<<"test">>"# }

    /// A text as an Erlang binary in UTF-8. Characters outside of ASCII are escaped, whatever the encoding of the source.
    private func binary(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": escaped += "\\" + String(scalar)
            case " "..."~": escaped.unicodeScalars.append(scalar)
            default: escaped += "\\x{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return "<<\"\(escaped)\"/utf8>>"
    }
}
