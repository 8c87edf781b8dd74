// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
import AuthSignals

/// A difference between the broker's objects and the contract.
package struct TopologyFinding: Hashable, Sendable, Codable {
    /// The severity.
    package enum Level: String, Hashable, Sendable, Codable {
        /// Messages are lost or refused, or users have too many permissions.
        case fault
        /// It may be intended.
        case note
    }

    package var level: Level
    /// The object, such as `queue mail`, `exchange auth.signals` or `user worker`.
    package var object: String
    /// The problem.
    package var what: String
    /// The fix, in one line.
    package var fix: String

    package init(_ level: Level, _ object: String, _ what: String, fix: String) {
        self.level = level
        self.object = object
        self.what = what
        self.fix = fix
    }

    /// The fix for a queue that was declared with different arguments: they cannot be changed, and while the queue is
    /// deleted no signal may be published.
    ///
    /// - Parameter declare: The step that declares it again.
    package static func redeclaring(_ queue: String, in virtualHost: String, _ declare: String) -> String {
        "auth-signals outbox pause, wait until it is empty (rabbitmqctl list_queues -p \(virtualHost.shellWord) name "
            + "messages), stop its workers, rabbitmqctl delete_queue -p \(virtualHost.shellWord) \(queue.shellWord), "
            + "\(declare), auth-signals outbox resume"
    }
}

extension ConsumerTopology {
    /// The step that declares everything of this consumer that is missing.
    package var declaring: String {
        if patterns.isEmpty { return "start its worker" }
        let bind = patterns.map(\.rawValue.shellQuoted).joined(separator: " ")
        return "start its worker, or auth-signals topology declare --queue \(queue.shellWord)"
            + "\(isSingleActive ? " --single-active" : "") --bind \(bind)"
    }
}
