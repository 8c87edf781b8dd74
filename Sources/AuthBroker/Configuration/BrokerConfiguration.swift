// SPDX-License-Identifier: Apache-2.0

/// How to reach a broker and how hard to drive it; the defaults are right for most.
public struct BrokerConfiguration: Sendable {
    /// The nodes of the broker, tried in turn.
    public var urls: [BrokerURL]
    /// The topic exchange of the signals.
    public var exchange = "auth.signals"
    /// Shown beside each of our connections on the broker's management page.
    public var connectionName = "auth-signals"
    /// How many messages may be on their way to the broker without its confirm, from 1.
    public var window = 256
    /// How many deliveries may be unsettled, from 1 to 65535. Everything delivered is in memory, and all of it
    /// is delivered once more after a crash.
    public var prefetch = 32
    /// How many deliveries may be unsettled on a new connection before the first was acknowledged, from 1. After that
    /// as many again may be unsettled as were acknowledged, up to ``prefetch``: what is delivered to a process that dies
    /// counts as returned, and a message that is returned too often becomes a dead letter.
    public var firstPrefetch = 1
    /// How often a consumer's objects that are missing are declared again, and counted.
    public var upkeepInterval: Duration = .seconds(10)
    /// A connection that leaves a message unconfirmed for longer is given up: what it holds becomes unknown.
    public var confirmTimeout: Duration = .seconds(30)
    /// Two of these without a sign of life end a connection. Below 5 s false alarms become likely.
    public var heartbeat: Duration = .seconds(20)
    /// For name resolution, connection and TLS handshake together.
    public var connectTimeout: Duration = .seconds(10)
    /// For each answer of the broker to a log-in or a declaration.
    public var answerTimeout: Duration = .seconds(10)
    /// Bytes of the largest body that is taken from a queue: the largest that RabbitMQ 4 carries. A larger message
    /// is refused, and the broker itself puts it among the dead letters. What a handler is given is far smaller.
    public var largestBody = 16 << 20
    /// The first pause before a connection is tried again; each next one is twice as long.
    public var firstPause: Duration = .milliseconds(200)
    /// The longest such pause.
    public var longestPause: Duration = .seconds(10)
    /// How long a stop waits for confirms and acknowledgements before it cuts the connection.
    public var closeTimeout: Duration = .seconds(5)

    /// - Parameter urls: the nodes of the broker, at least one.
    public init(urls: [BrokerURL] = [.local]) {
        precondition(!urls.isEmpty, "a broker has at least one URL")
        self.urls = urls
    }
}
