// SPDX-License-Identifier: Apache-2.0

/// How long a connection waits. Every call has a limit: a server or a network that became silent never blocks a thread
/// forever.
public struct PostgresTimeouts: Hashable, Sendable {
    /// For connecting to one host, name resolution, TLS and log-in included.
    public var connect: Duration
    /// Until the next answer of the server. It must be longer than the server's `statement_timeout`, which is 30 s on
    /// these connections.
    public var answer: Duration
    /// How long the outcome of a COMMIT is asked for after the connection was lost.
    public var outcome: Duration

    /// - Parameters:
    ///   - connect: for connecting to one host.
    ///   - answer: until the next answer of the server; longer than the server's `statement_timeout` of 30 s.
    ///   - outcome: how long the outcome of a COMMIT is asked for after the connection was lost.
    public init(
        connect: Duration = .seconds(5), answer: Duration = .seconds(35), outcome: Duration = .seconds(5)
    ) {
        self.connect = connect
        self.answer = answer
        self.outcome = outcome
    }
}
