// SPDX-License-Identifier: Apache-2.0

/// The state of a connection, for `/readyz` and for error messages.
public enum BrokerStatus: Hashable, Sendable, CustomStringConvertible {
    /// Connecting; with the error of the last attempt or of the last connection.
    case connecting(lastError: BrokerError?)
    /// Connected.
    case connected
    /// Connected, but the broker accepts no messages (memory or disk alarm); with the reason that the broker gave.
    case blocked(String)
    /// Stopped, or not started yet.
    case stopped

    /// Whether messages can be sent and received.
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
