// SPDX-License-Identifier: Apache-2.0
import AuthTesting
import Foundation
import PostgresSupport
import ProgramSupport
import Testing

extension Faults {
    /// Trials of a store, an inbox and effects in PostgreSQL, on servers that write to the disk before they confirm a
    /// commit.
    @Suite(.serialized, .enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
    enum Postgres {}
}

/// The PostgreSQL server that the trials share and disturb. Other suites use a different one.
enum FaultPostgres {
    static var shared: PrivatePostgres {
        get async throws { try await starting.value }
    }

    private static let starting = Task {
        try await PrivatePostgres.start("--set", "fsync = on", "--set", "deadlock_timeout = 100ms")
    }

    /// Whether this build's `auth-signals` can use PostgreSQL: a trait of the package.
    static var programsCanUseIt: Bool {
        #if PostgreSQL
            true
        #else
            false
        #endif
    }

    /// A schema for one trial.
    static func schema() async throws -> PrivateSchema { try await shared.schema() }
}

extension PrivateSchema {
    /// The process id of the server's connection that holds the relay lease; nil while no relay holds it.
    func relayLeaseHolder() async throws -> Int? {
        let output = try await psql(
            """
            SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND objid = 2
                AND classid = to_regclass('auth_outbox')::oid
            """)
        return Int(output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Whether a connection has tried to take the relay lease and does not hold it.
    func isRelayLeaseAwaited() async throws -> Bool {
        let output = try await server.psql(
            #"""
            SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg\_try\_advisory\_lock(%' AND pid NOT IN
                (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)
            """#)
        return output != "0\n"
    }

    /// Freezes the relay that holds the lease, at a moment when its connection has no transaction: in one, the server
    /// waits for 60 s.
    ///
    /// - Returns: the process id of the server's connection.
    func freezeRelay(_ relay: Program) async throws -> Int {
        let holder = try await eventualValue("a relay holds the lease") { try await relayLeaseHolder() }
        try await eventually("the relay is frozen outside of a transaction") {
            relay.send(SIGSTOP)
            let state = try await server.psql("SELECT state FROM pg_stat_activity WHERE pid = \(holder)")
            if state == "idle\n" { return true }
            relay.send(SIGCONT)
            return false
        }
        return holder
    }

    /// Waits until another connection than `former` holds the relay lease.
    func newRelayLeaseHolder(after former: Int, within bound: Duration = .seconds(30)) async throws -> Int {
        try await eventualValue(within: bound, "another connection holds the relay lease") {
            try await relayLeaseHolder().flatMap { $0 == former ? nil : $0 }
        }
    }

    /// Ends the connection that holds the relay lease, as the server does when a host vanishes, and waits until another
    /// one holds it.
    func endRelayLease(within bound: Duration = .seconds(30)) async throws {
        let holder = try await eventualValue("a relay holds the lease") { try await relayLeaseHolder() }
        try await server.psql("SELECT pg_terminate_backend(\(holder))")
        _ = try await newRelayLeaseHolder(after: holder, within: bound)
    }
}
