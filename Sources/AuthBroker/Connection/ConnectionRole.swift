// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

/// Takes in what happens on a connection.
protocol EventReceiver: AnyObject {
    /// Takes in one event; what it points to is valid during the call only.
    func receive(_ event: CRMQEvent)
}

/// What a connection is used for. Every call is made by the connection's thread.
protocol ConnectionRole: EventReceiver {
    /// Opens the connection and makes everything ready on it; called for every attempt.
    func prepare(_ dial: Dial) throws(BrokerError)

    /// The connection is ready.
    func connected()

    /// Writes what can be written, after each look at the socket.
    ///
    /// - Parameter isStopping: whether only what is in hand shall be finished.
    func work(_ channel: Channel, isStopping: Bool) throws(BrokerError) -> Wish

    /// Whether something was achieved on the connection that was ready last: then the next pause is the first again.
    var hasProgressed: Bool { get }

    /// The connection is gone, or an attempt failed.
    func disconnected(_ error: BrokerError)

    /// The thread ends; nothing comes after it.
    func stopped()
}

extension ConnectionRole {
    var hasProgressed: Bool { false }
}

/// What a role wants its connection to do next.
enum Wish: Equatable {
    /// Wait for an event, for a wake-up, and at most for the time given; also for room, where there is
    /// something to write.
    case wait(Duration, toWrite: Bool)
    /// Everything in hand is finished.
    case finished

    /// Long enough that an idle connection costs nothing; the heartbeat shortens it.
    static let idle = Wish.wait(.seconds(60), toWrite: false)
}

/// One attempt to connect: opens the channel, as often as the role needs.
struct Dial {
    let channel: Channel
    let url: BrokerURL
    let name: String
    let configuration: BrokerConfiguration

    /// Opens the connection; an open one is closed before.
    ///
    /// - Parameter receivesOnly: Whether nothing is published on it.
    func open(receivesOnly: Bool = false) throws(BrokerError) -> Channel {
        channel.close(within: .seconds(1))
        try channel.open(url, as: name, configuration, receivesOnly: receivesOnly)
        return channel
    }
}
