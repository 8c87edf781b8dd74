// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Something at the broker that is not as the contract wants it.
public struct TopologyFinding: Hashable, Sendable, Codable {
    /// How bad it is.
    public enum Level: String, Hashable, Sendable, Codable {
        /// Something is lost, refused or open to others.
        case fault
        /// It may be meant.
        case note
    }

    public var level: Level
    /// What it is about: `queue mail`, `exchange auth.signals`, `user worker`.
    public var object: String
    /// What is wrong.
    public var what: String
    /// What to do, in one line.
    public var fix: String

    public init(_ level: Level, _ object: String, _ what: String, fix: String) {
        self.level = level
        self.object = object
        self.what = what
        self.fix = fix
    }

    /// What to do with a queue that was declared with other arguments: they cannot be changed, and while it is deleted
    /// no signal may be published.
    ///
    /// - Parameter declare: what declares it again.
    public static func redeclaring(_ queue: String, in virtualHost: String, _ declare: String) -> String {
        "auth-signals outbox pause, let it run empty (rabbitmqctl list_queues -p \(virtualHost.shellWord) name messages), "
            + "stop its workers, rabbitmqctl delete_queue -p \(virtualHost.shellWord) \(queue.shellWord), \(declare), "
            + "auth-signals outbox resume"
    }
}

extension ConsumerTopology {
    /// What declares everything of this consumer that is missing.
    public var declaring: String {
        if patterns.isEmpty { return "start its worker" }
        let bind = patterns.map(\.rawValue.shellQuoted).joined(separator: " ")
        return "start its worker, or auth-signals topology declare --queue \(queue.shellWord)"
            + "\(isSingleActive ? " --single-active" : "") --bind \(bind)"
    }
}
