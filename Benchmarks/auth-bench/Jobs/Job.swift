// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import Foundation

/// What one child process is to do and measure: each measurement has a process of its own, so that processor
/// time and memory are its own, too.
struct Job: Codable, Sendable {
    enum Kind: String, Codable, CaseIterable {
        /// Declares the queue and empties it; nothing is measured.
        case prepare
        /// Fills an outbox; nothing is measured.
        case fill
        /// The relay drains an outbox.
        case relay
        /// The bare loop publishes.
        case barePublish
        /// The dispatcher empties the queue into a handler.
        case dispatch
        /// The bare loop empties the queue.
        case bareConsume
        /// Commit to handler at a steady rate.
        case latency
        /// Bare publish to bare delivery at a steady rate.
        case bareLatency
        /// Log-ins at a steady rate.
        case flow
        /// The answers to somebody known and somebody unknown.
        case timing
        /// Requests that hash nothing, with and without hashing beside them.
        case hashing
    }

    /// What the dispatcher hands its messages to.
    enum Handling: String, Codable { case raw, typed, typedWithInbox }

    /// What the relay does beside the flows.
    enum RelayState: String, Codable { case off, on, brokerDead }

    /// Which pair of answers is compared.
    enum Pair: String, Codable, CaseIterable { case logIn, signUp, passwordReset }

    var kind: Kind
    /// Makes the messages of different runs different.
    var run = 0
    var count = 0
    var brokerURL = ""
    var queue = "bench"
    var window = 256
    var prefetch = 256
    var concurrency = 128
    /// A folder of the job's own, or of a few jobs that follow each other.
    var folder = ""
    var handling = Handling.raw
    /// Whether the bare consumer reads each message as a typed handler's would be read.
    var decodes = false
    var rate = 200.0
    var relayState = RelayState.off
    var pair = Pair.logIn
    var scryptCost = 1024
    /// What is asked for while passwords are hashed.
    var path = ""

    init(_ kind: Kind) { self.kind = kind }

    var outboxPath: String { folder + "/outbox.sqlite" }
    var inboxPath: String { folder + "/inbox.sqlite" }

    func broker() throws -> BrokerConfiguration {
        var configuration = BrokerConfiguration(urls: try BrokerURL.list(brokerURL))
        configuration.window = window
        configuration.prefetch = prefetch
        return configuration
    }
}
