// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import Foundation

/// Finds policies that delete consumers' messages, or prevent their queues from working.
///
/// If a queue and a policy both set a limit, RabbitMQ applies the smaller one; for `overflow` it applies the policy's
/// value, and for all dead-letter settings the queue's own (tested with RabbitMQ 3.10, 4.0 and 4.3).
struct PolicyReview {
    let inventory: BrokerInventory
    let exchange: String
    let virtualHost: String
    let consumers: [ConsumerTopology]

    /// The purpose of a queue.
    private enum Purpose {
        case main
        case rung(delay: Int64)
        case dead
    }

    /// The policy keys that matter here.
    private static let keys = [
        "delivery-limit", "max-length", "max-length-bytes", "message-ttl", "expires", "overflow",
        "dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy",
    ]

    var findings: [TopologyFinding] {
        consumers.flatMap { findings($0) + recordFindings($0) } + boundFindings
    }

    private func findings(_ consumer: ConsumerTopology) -> [TopologyFinding] {
        consumer.queues.flatMap { declared -> [TopologyFinding] in
            guard let queue = inventory.queues.first(where: { $0.name == declared.name }) else { return [] }
            let purpose: Purpose =
                if declared.name == consumer.queue {
                    .main
                } else if declared.name == consumer.name(of: .dead) {
                    .dead
                } else {
                    .rung(delay: declared.arguments["x-message-ttl"]?.integer ?? 0)
                }
            return Self.keys.compactMap { key in
                guard let value = queue.policy[key] else { return nil }
                let (level, effect) = effect(of: key, value, on: queue, purpose)
                return TopologyFinding(
                    level, "queue \(queue.name)",
                    "has \(key) \(value.shown) from \(source(of: key, queue)): \(effect)",
                    fix: level == .note ? Self.noFix : fix(for: queue))
            }
        }
    }

    /// Findings about the queue that holds the record of the workers' bindings: a policy that deletes the record.
    private func recordFindings(_ consumer: ConsumerTopology) -> [TopologyFinding] {
        guard let queue = inventory.queues.first(where: { $0.name == consumer.memory.name }) else {
            return []
        }
        return ["delivery-limit", "max-length-bytes", "message-ttl", "expires"].compactMap { key in
            guard let value = queue.policy[key] else { return nil }
            return TopologyFinding(
                .fault, "queue \(queue.name)",
                "has \(key) \(value.shown) from \(source(of: key, queue)): RabbitMQ deletes the record of the "
                    + "bindings, so that a pattern that is no longer configured stays bound",
                fix: fix(for: queue))
        }
    }

    /// Findings about bound queues that do not belong to a worker: if such a queue is full and rejects messages, the
    /// broker nacks the publisher's message for all queues.
    private var boundFindings: [TopologyFinding] {
        let ours = Set(consumers.flatMap { $0.queues.map(\.name) })
        let bound = Set(
            inventory.bindings.filter { $0.source == exchange && $0.destinationType == "queue" }.map(
                \.destination))
        return inventory.queues.filter { bound.contains($0.name) && !ours.contains($0.name) }.flatMap {
            queue in
            ["max-length", "max-length-bytes"].compactMap { name in
                guard let limit = queue.setting(name),
                    queue.setting("overflow")?.string?.hasPrefix("reject-publish") == true
                else { return nil }
                return TopologyFinding(
                    .fault, "queue \(queue.name)",
                    "has \(name) \(limit.shown) with reject-publish: when it is full, no queue receives signals",
                    fix: queue.arguments["x-" + name] == nil
                        ? "remove \(name) from \(source(of: name, queue)) (rabbitmqctl list_policies -p "
                            + "\(virtualHost.shellWord))"
                        : "its owner must declare it under another name, without x-\(name)")
            }
        }
    }

    private static let noFix = "no fix needed; a policy that does not match this queue is clearer"

    // MARK: Effects

    private func effect(
        of key: String, _ value: JSONValue, on queue: BrokerInventory.Queue, _ purpose: Purpose
    ) -> (TopologyFinding.Level, String) {
        let own = queue.arguments["x-" + key]
        switch key {
        case "delivery-limit": return deliveryLimit(value, own, purpose)
        case "max-length", "max-length-bytes": return length(queue, purpose)
        case "message-ttl": return timeToLive(value, purpose)
        case "expires":
            let effect =
                switch purpose {
                case .main:
                    "RabbitMQ deletes the queue, with its messages, after this time without a worker"
                case .rung: "RabbitMQ deletes the queue, with the messages that wait in it for their retry"
                case .dead: "RabbitMQ deletes the queue, with all dead letters, after this idle time"
                }
            return (.fault, effect)
        case "overflow":
            if case .dead = purpose {
                return (.note, "it only has an effect together with a length limit")
            }
            if value == own { return (.note, "it equals the queue's own setting") }
            return (
                .fault,
                "it overrides the queue's own reject-publish, without which RabbitMQ can lose messages that it "
                    + "dead-letters"
            )
        default:
            if case .dead = purpose {
                return (.note, "it only affects messages that a length limit or a TTL removes")
            }
            return (.note, "it has no effect, since the queue's own setting takes precedence")
        }
    }

    private func deliveryLimit(
        _ value: JSONValue, _ own: JSONValue?, _ purpose: Purpose
    ) -> (TopologyFinding.Level, String) {
        guard let limit = value.integer, limit >= 0, limit < own?.integer ?? .max else {
            return (.note, "it has no effect, since the queue's own limit is not larger")
        }
        return switch purpose {
        case .main:
            (
                .fault,
                "after this many crashes of a worker its messages are dead-lettered; the contract requires 20"
            )
        case .rung: (.note, "it has no effect, since nothing consumes this queue")
        case .dead: (.fault, "RabbitMQ deletes dead letters that are inspected more often")
        }
    }

    private func length(
        _ queue: BrokerInventory.Queue, _ purpose: Purpose
    ) -> (TopologyFinding.Level, String) {
        let refuses =
            (queue.policy["overflow"] ?? queue.arguments["x-overflow"])?.string?.hasPrefix("reject") == true
        let effect =
            switch purpose {
            case .main where refuses: "with reject-publish: when it is full, no queue receives signals"
            case .main: "when it is full, RabbitMQ removes the oldest messages unhandled"
            case .rung where refuses:
                "when it is full, failed messages cannot be retried and block their worker"
            case .rung: "when it is full, RabbitMQ removes messages before their retry is due"
            case .dead where refuses:
                "when it is full, failed messages cannot be dead-lettered and block their worker"
            case .dead: "when it is full, RabbitMQ deletes the oldest dead letters"
            }
        return (.fault, effect)
    }

    private func timeToLive(_ value: JSONValue, _ purpose: Purpose) -> (TopologyFinding.Level, String) {
        switch purpose {
        case .main: (.fault, "messages that wait longer are dead-lettered unhandled")
        case .rung(let delay):
            if let limit = value.integer, limit < delay {
                (.fault, "retries come after \(limit) ms instead of \(delay)")
            } else {
                (.note, "it has no effect, since the queue's own \(delay) ms are not longer")
            }
        case .dead: (.fault, "RabbitMQ deletes dead letters that are older")
        }
    }

    // MARK: Fixes

    private func source(of key: String, _ queue: BrokerInventory.Queue) -> String {
        let names = [
            queue.policyName.map { ("the policy", $0, inventory.policies) },
            queue.operatorPolicyName.map { ("the operator policy", $0, inventory.operatorPolicies) },
        ].compactMap(\.self)
        // If both apply, the one that contains the key, as far as their definitions are visible.
        let known = names.filter { _, name, all in
            all?.first { $0.name == name }.map { $0.definition[key] != nil } ?? true
        }
        let sources = (known.isEmpty ? names : known).map { "\($0.0) \($0.1)" }
        return sources.isEmpty ? "a policy" : sources.joined(separator: " or ")
    }

    /// A copy of the policy without the harmful keys, for this queue only: other queues keep the original policy.
    private func fix(for queue: BrokerInventory.Queue) -> String {
        let byOperator = inventory.operatorPolicies?.first { $0.name == queue.operatorPolicyName }
        let harmful = Set(Self.keys)
        if queue.policyName == nil
            || byOperator.map({ !harmful.isDisjoint(with: $0.definition.keys) }) == true
        {
            let name = queue.operatorPolicyName.map { " \($0)" } ?? ""
            return
                "change the operator policy\(name) so that it does not match \(queue.name) (rabbitmqctl "
                + "list_operator_policies -p \(virtualHost.shellWord))"
        }
        var rest = queue.policy.filter { !harmful.contains($0.key) }
        if rest.isEmpty {
            // A policy must not be empty; this repeats the queue's own setting.
            rest["delivery-limit"] = queue.arguments["x-delivery-limit"] ?? .integer(2_147_483_647)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let definition = (try? encoder.encode(rest)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        let priority = inventory.policies?.first { $0.name == queue.policyName }?.priority
        // Its priority must be above the harmful policy's.
        let above = priority.map { $0 < .max ? $0 + 1 : $0 } ?? 1000
        return "rabbitmqctl set_policy -p \(virtualHost.shellWord) --priority \(above) --apply-to queues "
            + "\("\(queue.name).own".shellWord) \(PermissionPatterns.exactly(queue.name).shellQuoted) "
            + definition.shellQuoted
    }
}
