// SPDX-License-Identifier: Apache-2.0

/// One invalid setting, and how to correct it.
public struct SettingFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The environment name.
    public var name: String
    /// The rest of a sentence that starts with the name; it quotes no value, which may be a secret.
    public var what: String

    public init(_ name: String, _ what: String) {
        self.name = name
        self.what = what
    }

    public var description: String { "\(name) \(what)" }
}

/// All invalid settings.
public struct SettingFaults: Error, Sendable, CustomStringConvertible {
    public var faults: [SettingFault]
    public init(_ faults: [SettingFault]) { self.faults = faults }
    public var description: String { faults.map(\.description).joined(separator: "; ") }
}
