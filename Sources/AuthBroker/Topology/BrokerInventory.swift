// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// What a virtual host holds, as the management API tells it (`/api/exchanges`, `/api/queues`,
/// `/api/bindings`, `/api/vhosts/NAME/permissions`).
public struct BrokerInventory: Sendable {
    public var exchanges: [Exchange]
    public var queues: [Queue]
    public var bindings: [Binding]
    /// Nil where the user may not see them.
    public var permissions: [Permission]?

    public init(
        exchanges: [Exchange], queues: [Queue], bindings: [Binding], permissions: [Permission]?
    ) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
        self.permissions = permissions
    }

    public struct Exchange: Decodable, Sendable {
        public var name: String
        public var type: String
        public var durable: Bool

        public init(name: String, type: String, durable: Bool = true) {
            self.name = name
            self.type = type
            self.durable = durable
        }
    }

    public struct Queue: Decodable, Sendable {
        public var name: String
        /// What it was declared with.
        public var arguments: [String: JSONValue]
        /// What policies add to that.
        public var policy: [String: JSONValue]

        public init(name: String, arguments: [String: JSONValue] = [:], policy: [String: JSONValue] = [:]) {
            self.name = name
            self.arguments = arguments
            self.policy = policy
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            // Where there are none, some versions write an empty list.
            arguments = (try? values.decode([String: JSONValue].self, forKey: .arguments)) ?? [:]
            policy = (try? values.decode([String: JSONValue].self, forKey: .policy)) ?? [:]
        }

        private enum CodingKeys: String, CodingKey {
            case name, arguments, policy = "effective_policy_definition"
        }

        /// A limit, by its name in policies: from there or from the arguments.
        func setting(_ name: String) -> JSONValue? { arguments["x-" + name] ?? policy[name] }
    }

    public struct Binding: Decodable, Sendable {
        public var source: String
        public var destination: String
        public var destinationType: String
        public var routingKey: String

        public init(source: String, destination: String, routingKey: String) {
            self.source = source
            self.destination = destination
            self.routingKey = routingKey
            destinationType = "queue"
        }

        private enum CodingKeys: String, CodingKey {
            case source, destination, destinationType = "destination_type", routingKey = "routing_key"
        }
    }

    /// Regular expressions over the names of objects.
    public struct Permission: Decodable, Sendable {
        public var user: String
        public var configure: String
        public var write: String
        public var read: String

        public init(user: String, configure: String, write: String, read: String) {
            self.user = user
            self.configure = configure
            self.write = write
            self.read = read
        }
    }
}
