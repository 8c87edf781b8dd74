// SPDX-License-Identifier: Apache-2.0

/// How a connection is, for `/readyz` and people.
public enum BrokerStatus: Hashable, Sendable, CustomStringConvertible {
    /// It is being tried; with what the last attempt, or the last connection, ended with.
    case connecting(lastError: BrokerError?)
    /// It works.
    case connected
    /// It works, but the broker takes no messages (memory or disk alarm); with the broker's words.
    case blocked(String)
    /// It was stopped, or not started yet.
    case stopped

    /// Whether messages pass.
    public var isReady: Bool { self == .connected }

    public var description: String {
        switch self {
        case .connecting(nil): "connecting"
        case .connecting(let error?): "connecting (\(error))"
        case .connected: "connected"
        case .blocked(let reason): "blocked by the broker (\(reason))"
        case .stopped: "stopped"
        }
    }
}
