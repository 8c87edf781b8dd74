// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// How to connect to a broker, with its limits and timeouts; the defaults suit most deployments.
public struct BrokerSettings: Sendable {
    /// The nodes of the broker; ``urlOrder`` decides which is tried first.
    public var urls: [BrokerURL]
    /// The order in which nodes are tried that the process has not connected to yet. A node that worked always comes
    /// first, and one that failed last.
    public var urlOrder = URLOrder.random
    /// The topic exchange of the signals.
    public var exchange = "auth.signals"
    /// The client-provided connection name, which RabbitMQ's management UI shows.
    public var connectionName = "auth-signals"
    /// The maximum number of published messages without a confirm, from 1.
    public var window = 256
    /// The maximum number of unsettled deliveries, from 1 to 65535. All of them are held in memory, at most
    /// ``inFlightBytes``, and all of them are redelivered after a crash.
    public var prefetch = 32
    /// The maximum size of all bodies of a consumer's unsettled deliveries together, in bytes, from 1 MiB. Deliveries
    /// that do not fit are returned to the queue, and the prefetch is reduced until they fit. A body larger than that
    /// is rejected, and the broker dead-letters it.
    public var inFlightBytes = 64 << 20
    /// The initial prefetch of a new connection, from 1. It doubles each time as many deliveries were acknowledged, up
    /// to ``prefetch``. Deliveries to a process that crashes count as returned, and a message that is returned too
    /// often is dead-lettered: a small initial prefetch limits how many messages are affected.
    public var firstPrefetch = 1
    /// How often a consumer's queues and exchange are declared again if missing, and their depths measured.
    public var upkeepInterval: Duration = .seconds(10)
    /// How long a message may be unconfirmed before its connection is closed. The outcome of all unconfirmed messages
    /// is then unknown.
    public var confirmTimeout: Duration = .seconds(30)
    /// The AMQP heartbeat interval. A connection without traffic for two intervals is closed. Below 5 s false alarms
    /// become likely.
    public var heartbeat: Duration = .seconds(20)
    /// The timeout of name resolution, TCP connect and TLS handshake together.
    public var connectTimeout: Duration = .seconds(10)
    /// The timeout of each of the broker's replies to a log-in or a declaration.
    public var answerTimeout: Duration = .seconds(10)
    /// The largest message body that is accepted from a queue, in bytes; the default is RabbitMQ 4's maximum. A larger
    /// message is rejected, and the broker dead-letters it. The limit for handlers is far smaller.
    public var largestBody = 16 << 20
    /// The first delay before a reconnect; each following one is twice as long.
    public var firstPause: Duration = .milliseconds(200)
    /// The longest delay before a reconnect.
    public var longestPause: Duration = .seconds(10)
    /// How long a stop waits for confirms and acknowledgements before it closes the connection.
    public var closeTimeout: Duration = .seconds(5)

    /// An order of the broker's nodes, and of the addresses of one host name.
    public enum URLOrder: Hashable, Sendable {
        /// At random, the same for all connections of a process: the processes of an installation spread over the
        /// nodes, and over the others when a node fails.
        case random
        /// As they are listed.
        case listed
    }

    /// Determines the random order; not 0.
    var orderSeed = Self.processSeed
    private static let processSeed = Int64.random(in: 1 ... .max)

    /// The number that determines the order of the nodes; 0: as they are listed.
    var seed: Int64 { urlOrder == .listed ? 0 : orderSeed }

    /// The least value of ``inFlightBytes``: every body that a handler can receive fits.
    package static let leastInFlightBytes = Delivery.largestBody

    /// ``inFlightBytes``, but at least ``leastInFlightBytes``.
    var inFlightLimit: Int { max(Self.leastInFlightBytes, inFlightBytes) }

    /// The settings with a ``largestBody`` that fits into the budget.
    var withFittingBodies: BrokerSettings {
        var settings = self
        settings.largestBody = min(largestBody, inFlightLimit)
        return settings
    }

    /// - Parameter urls: The nodes of the broker, at least one: a connection without one fails with
    ///   ``BrokerError/Code/invalidValue``.
    public init(urls: [BrokerURL] = [.local]) { self.urls = urls }
}
