// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// The objects of a virtual host, as reported by the management API (`/api/exchanges`, `/api/queues`,
/// `/api/bindings`, `/api/policies`, `/api/operator-policies`, `/api/vhosts/NAME/permissions`, `/api/users`).
public struct BrokerInventory: Sendable {
    public var exchanges: [Exchange]
    public var queues: [Queue]
    public var bindings: [Binding]
    /// Nil if the API's user may not see them.
    public var permissions: [Permission]?
    /// All users of the broker; nil if the API's user may not see them.
    public var users: [User]?
    /// Nil if the API's user may not see them.
    public var policies: [Policy]?
    /// Nil if the API's user may not see them.
    public var operatorPolicies: [Policy]?

    public init(
        exchanges: [Exchange], queues: [Queue], bindings: [Binding], permissions: [Permission]?,
        users: [User]? = nil, policies: [Policy]? = nil, operatorPolicies: [Policy]? = nil
    ) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
        self.permissions = permissions
        self.users = users
        self.policies = policies
        self.operatorPolicies = operatorPolicies
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
        /// The arguments that the queue was declared with.
        public var arguments: [String: JSONValue]
        /// The effective policy definition.
        public var policy: [String: JSONValue]
        /// The names of the policy and of the operator policy that apply.
        public var policyName: String?
        public var operatorPolicyName: String?

        public init(
            name: String, arguments: [String: JSONValue] = [:], policy: [String: JSONValue] = [:],
            policyName: String? = nil, operatorPolicyName: String? = nil
        ) {
            self.name = name
            self.arguments = arguments
            self.policy = policy
            self.policyName = policyName
            self.operatorPolicyName = operatorPolicyName
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            // Some versions write an empty list instead of an empty object.
            arguments = (try? values.decode([String: JSONValue].self, forKey: .arguments)) ?? [:]
            policy = (try? values.decode([String: JSONValue].self, forKey: .policy)) ?? [:]
            policyName = Self.name(try? values.decode(String.self, forKey: .policyName))
            operatorPolicyName = Self.name(try? values.decode(String.self, forKey: .operatorPolicyName))
        }

        private static func name(_ text: String?) -> String? { text?.isEmpty == true ? nil : text }

        private enum CodingKeys: String, CodingKey {
            case name, arguments, policy = "effective_policy_definition", policyName = "policy"
            case operatorPolicyName = "operator_policy"
        }

        /// The names of the policies that apply, for error messages.
        public var policyNames: [String] { [policyName, operatorPolicyName].compactMap(\.self) }

        /// The delivery limit that a policy sets; nil if none does, or if it is so high that it has no effect.
        public var deliveryLimitByPolicy: Int? {
            guard let limit = policy["delivery-limit"]?.integer, (0..<1_000_000).contains(limit) else {
                return nil
            }
            return Int(limit)
        }

        /// A setting by its name in policies: the queue's own argument or, without one, the policy's value.
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

    public struct Policy: Decodable, Sendable {
        public var name: String
        public var priority: Int
        public var definition: [String: JSONValue]

        public init(name: String, priority: Int = 0, definition: [String: JSONValue]) {
            self.name = name
            self.priority = priority
            self.definition = definition
        }
    }

    public struct User: Decodable, Sendable {
        public var name: String
        public var tags: [String]

        public init(name: String, tags: [String] = []) {
            self.name = name
            self.tags = tags
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            if let list = try? values.decode([String].self, forKey: .tags) {
                tags = list
            } else {
                // RabbitMQ 3.8 writes one comma-separated string.
                tags = try values.decode(String.self, forKey: .tags).split(separator: ",").map(String.init)
            }
        }

        private enum CodingKeys: String, CodingKey { case name, tags }

        /// Whether the user has the `administrator` tag and therefore all permissions, intentionally.
        public var isAdministrator: Bool { tags.contains("administrator") }
    }

    /// A user's permissions: regular expressions that match the names of objects.
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

        public var patterns: PermissionPatterns {
            PermissionPatterns(configure: configure, write: write, read: read)
        }
    }
}
