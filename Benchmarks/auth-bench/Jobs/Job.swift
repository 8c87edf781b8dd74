// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import Foundation

/// The measurement of one child process. Each measurement runs in its own process, so that processor time and memory
/// belong to it alone.
struct Job: Codable, Sendable {
    enum Kind: String, Codable, CaseIterable {
        /// Declares and purges the queue; nothing is measured.
        case prepare
        /// Fills an outbox; nothing is measured.
        case fill
        /// The relay publishes all rows of an outbox.
        case relay
        /// The bare loop publishes.
        case barePublish
        /// The dispatcher consumes the queue with a handler.
        case dispatch
        /// The bare loop consumes the queue.
        case bareConsume
        /// The time from commit to handler at a steady rate.
        case latency
        /// The time from bare publish to bare delivery at a steady rate.
        case bareLatency
        /// Log-ins at a steady rate, or as many at a time as there are lanes.
        case flow
        /// Log-in transactions, as many at a time as there are connections.
        case commits
        /// The response times for existing and unknown users.
        case timing
        /// Requests without password hashing, with and without concurrent hashing.
        case hashing
        /// Generates a store with accounts; nothing is measured.
        case growthFill
        /// Deletes what earlier operations added to it; nothing is measured.
        case growthReset
        /// Operations on a generated store.
        case growth
    }

    /// The operation whose cost is compared between stores of different sizes.
    enum Growth: String, Codable, CaseIterable { case lookUp, logIn, signUp, signal, relay, page }

    /// The kind of handler to which the dispatcher delivers.
    enum Handling: String, Codable { case raw, typed, typedWithInbox }

    /// The state of the relay during the flows.
    enum RelayState: String, Codable { case off, on, brokerDead }

    /// The flow whose response times are compared.
    enum Pair: String, Codable, CaseIterable { case logIn, signUp, passwordReset }

    var kind: Kind
    /// Distinguishes the messages of different runs.
    var run = 0
    var count = 0
    var brokerURL = ""
    var queue = "bench"
    var window = 256
    var prefetch = 256
    var concurrency = 128
    /// The folder of the job, or of several consecutive jobs.
    var folder = ""
    var handling = Handling.raw
    /// Whether the bare consumer decodes each message like a typed handler.
    var decodes = false
    var rate = 200.0
    var relayState = RelayState.off
    /// How many log-ins run at a time, each lane as fast as it can; 0: log-ins at the steady rate.
    var lanes = 0
    /// How many transactions of a SQLite store share a commit at most; 0: as many as the store allows.
    var sharedCommits = 0
    var pair = Pair.logIn
    var scryptCost = 1024
    /// The number of generated accounts.
    var accounts = 0
    var growth = Growth.lookUp
    /// The path that is requested while passwords are hashed.
    var path = ""

    /// The URL of a PostgreSQL store; empty for a SQLite store in the folder.
    var storeURL = ""
    /// The number of connections to PostgreSQL, and of concurrent transactions of a `commits` job.
    var connections = 16
    /// Whether signals are committed through another store object than the relay's, as by another process.
    var isForeign = false

    init(_ kind: Kind) { self.kind = kind }

    var outboxPath: String { folder + "/outbox.sqlite" }
    var inboxPath: String { folder + "/inbox.sqlite" }

    func broker() throws -> BrokerSettings {
        var settings = BrokerSettings(urls: try BrokerURL.list(brokerURL))
        settings.window = window
        settings.prefetch = prefetch
        return settings
    }
}
