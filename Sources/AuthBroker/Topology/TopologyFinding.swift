// SPDX-License-Identifier: Apache-2.0

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
}
