// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
package import AuthSignals

/// The objects of a virtual host, as reported by the management API (`/api/exchanges`, `/api/queues`,
/// `/api/bindings`, `/api/policies`, `/api/operator-policies`, `/api/vhosts/NAME/permissions`, `/api/users`,
/// `/api/nodes`).
package struct BrokerInventory: Sendable {
    package var exchanges: [Exchange]
    package var queues: [Queue]
    package var bindings: [Binding]
    /// Nil if the API's user may not see them.
    package var permissions: [Permission]?
    /// All users of the broker; nil if the API's user may not see them.
    package var users: [User]?
    /// Nil if the API's user may not see them.
    package var policies: [Policy]?
    /// Nil if the API's user may not see them.
    package var operatorPolicies: [Policy]?
    /// All nodes of the cluster, also those that are down; nil if the API's user may not see them.
    package var nodes: [Node]?

    package init(
        exchanges: [Exchange], queues: [Queue], bindings: [Binding], permissions: [Permission]?,
        users: [User]? = nil, policies: [Policy]? = nil, operatorPolicies: [Policy]? = nil,
        nodes: [Node]? = nil
    ) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
        self.permissions = permissions
        self.users = users
        self.policies = policies
        self.operatorPolicies = operatorPolicies
        self.nodes = nodes
    }

    package struct Node: Decodable, Sendable {
        package var name: String
        package var running: Bool

        package init(name: String, running: Bool = true) {
            self.name = name
            self.running = running
        }
    }

    package struct Exchange: Decodable, Sendable {
        package var name: String
        package var type: String
        package var durable: Bool

        package init(name: String, type: String, durable: Bool = true) {
            self.name = name
            self.type = type
            self.durable = durable
        }
    }

    package struct Queue: Decodable, Sendable {
        package var name: String
        /// The arguments that the queue was declared with.
        package var arguments: [String: JSONValue]
        /// The effective policy definition.
        package var policy: [String: JSONValue]
        /// The names of the policy and of the operator policy that apply.
        package var policyName: String?
        package var operatorPolicyName: String?
        /// `quorum`, `classic` or `stream`; nil if it is not known.
        package var type: String?
        /// The names of the nodes that hold a replica; empty for a classic queue.
        package var members: [String]
        /// The name of the node that all reads and writes go through; nil without replicas, or during an election.
        package var leader: String?

        package init(
            name: String, arguments: [String: JSONValue] = [:], policy: [String: JSONValue] = [:],
            policyName: String? = nil, operatorPolicyName: String? = nil, type: String? = nil,
            members: [String] = [], leader: String? = nil
        ) {
            self.name = name
            self.arguments = arguments
            self.policy = policy
            self.policyName = policyName
            self.operatorPolicyName = operatorPolicyName
            self.type = type
            self.members = members
            self.leader = leader
        }

        package init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            // Some versions write an empty list instead of an empty object.
            arguments = (try? values.decode([String: JSONValue].self, forKey: .arguments)) ?? [:]
            policy = (try? values.decode([String: JSONValue].self, forKey: .policy)) ?? [:]
            policyName = Self.name(try? values.decode(String.self, forKey: .policyName))
            operatorPolicyName = Self.name(try? values.decode(String.self, forKey: .operatorPolicyName))
            type = Self.name(try? values.decode(String.self, forKey: .type))
            members = (try? values.decode([String].self, forKey: .members)) ?? []
            leader = Self.name(try? values.decode(String.self, forKey: .leader))
        }

        private static func name(_ text: String?) -> String? { text?.isEmpty == true ? nil : text }

        private enum CodingKeys: String, CodingKey {
            case name, arguments, policy = "effective_policy_definition", policyName = "policy"
            case operatorPolicyName = "operator_policy", type, members, leader
        }

        /// The names of the policies that apply, for error messages.
        package var policyNames: [String] { [policyName, operatorPolicyName].compactMap(\.self) }

        /// The delivery limit that a policy sets; nil if none does, or if it is so high that it has no effect.
        package var deliveryLimitByPolicy: Int? {
            guard let limit = policy["delivery-limit"]?.integer, (0..<1_000_000).contains(limit) else {
                return nil
            }
            return Int(limit)
        }

        /// A setting by its name in policies: the queue's own argument or, without one, the policy's value.
        func setting(_ name: String) -> JSONValue? { arguments["x-" + name] ?? policy[name] }
    }

    package struct Binding: Decodable, Sendable {
        package var source: String
        package var destination: String
        package var destinationType: String
        package var routingKey: String

        package init(source: String, destination: String, routingKey: String) {
            self.source = source
            self.destination = destination
            self.routingKey = routingKey
            destinationType = "queue"
        }

        private enum CodingKeys: String, CodingKey {
            case source, destination, destinationType = "destination_type", routingKey = "routing_key"
        }
    }

    package struct Policy: Decodable, Sendable {
        package var name: String
        package var priority: Int
        package var definition: [String: JSONValue]

        package init(name: String, priority: Int = 0, definition: [String: JSONValue]) {
            self.name = name
            self.priority = priority
            self.definition = definition
        }
    }

    package struct User: Decodable, Sendable {
        package var name: String
        package var tags: [String]

        package init(name: String, tags: [String] = []) {
            self.name = name
            self.tags = tags
        }

        package init(from decoder: any Decoder) throws {
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
        package var isAdministrator: Bool { tags.contains("administrator") }
    }

    /// A user's permissions: regular expressions that match the names of objects.
    package struct Permission: Decodable, Sendable {
        package var user: String
        package var configure: String
        package var write: String
        package var read: String

        package init(user: String, configure: String, write: String, read: String) {
            self.user = user
            self.configure = configure
            self.write = write
            self.read = read
        }

        package var patterns: PermissionPatterns {
            PermissionPatterns(configure: configure, write: write, read: read)
        }
    }
}
