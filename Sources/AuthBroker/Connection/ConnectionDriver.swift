// SPDX-License-Identifier: Apache-2.0
package import CRabbitMQ

/// Receives a connection's events.
package protocol EventReceiver: AnyObject {
    /// Handles one event; its pointers are valid during the call only.
    func receive(_ event: CRMQEvent)
}

/// The logic of a connection: publishing or consuming. Every call is made by the connection's thread.
protocol ConnectionDriver: EventReceiver {
    /// Opens the connection and sets it up; called for every attempt.
    func prepare(_ attempt: ConnectionAttempt) throws(BrokerError)

    /// The connection is ready.
    func connected()

    /// Writes what can be written; called after each step of the connection.
    ///
    /// - Parameter isStopping: Whether to only finish what is in flight.
    func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> NextStep

    /// Whether the last connection made progress. If so, the backoff starts again with its first delay.
    var hasProgressed: Bool { get }

    /// The connection was lost, or an attempt failed.
    func disconnected(_ error: BrokerError)

    /// The thread ends; this is the last call.
    func stopped()
}

extension ConnectionDriver {
    var hasProgressed: Bool { false }
}

/// What the connection does next.
enum NextStep: Equatable {
    /// Wait for an event or a wake-up, at most for the given time; if `toWrite`, also until the socket is writable.
    case wait(Duration, toWrite: Bool)
    /// Nothing is in flight any more.
    case finished

    /// Long enough that an idle connection costs nothing; heartbeats shorten the wait.
    static let idle = NextStep.wait(.seconds(60), toWrite: false)
}

/// One connection attempt, during which the connection can be opened several times.
struct ConnectionAttempt {
    let channel: Channel
    let url: BrokerURL
    let name: String
    let settings: BrokerSettings

    /// Opens the connection, and closes it first if it is open.
    ///
    /// - Parameter receivesOnly: Whether nothing is published on the connection.
    func open(receivesOnly: Bool = false) throws(BrokerError) -> Channel {
        channel.close(within: .seconds(1))
        try channel.open(url, as: name, settings, receivesOnly: receivesOnly)
        return channel
    }
}
