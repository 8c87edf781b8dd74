// SPDX-License-Identifier: Apache-2.0

/// One setting that is wrong, and what to do about it.
public struct SettingFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The environment name.
    public var name: String
    /// Completes the sentence that begins with the name; it quotes no value, which may be a secret.
    public var what: String

    public init(_ name: String, _ what: String) {
        self.name = name
        self.what = what
    }

    public var description: String { "\(name) \(what)" }
}

/// All settings that are wrong.
public struct SettingFaults: Error, Sendable, CustomStringConvertible {
    public var faults: [SettingFault]
    public init(_ faults: [SettingFault]) { self.faults = faults }
    public var description: String { faults.map(\.description).joined(separator: "; ") }
}
