// SPDX-License-Identifier: Apache-2.0
import PostgresSupport

// PostgreSQL compared with SQLite, both on this machine and both with a sync for each commit.
extension Bench {
    /// Runs the body with an empty schema of a server of the benchmark's own.
    func withSchema<R>(_ body: (PrivateSchema) async throws -> R) async throws -> R {
        let schema = try await Self.postgres.value.schema()
        let result = try await body(schema)
        try await schema.drop()
        return result
    }

    private static let postgres = Task {
        let server = try await PrivatePostgres.start(
            "--set", "fsync = on", "--set", "max_connections = 200", "--set", "shared_buffers = 256MB")
        Bench.addServer("\(server.directory)/server.pid")
        return server
    }

    /// The relay over PostgreSQL compared with the one over SQLite.
    func postgresRelayRow() async throws -> [RowReport] {
        let count = size(50_000, quick: 20_000)
        return try await paired(
            .postgresRelay, "The relay drains an outbox of \(count.grouped), PostgreSQL and SQLite",
            count: count, countsInstructions: true,
            sides: [
                PairedSide("PostgreSQL") { bench, count in
                    try await bench.withSchema { try await bench.drainOutbox(count, from: $0.url) }
                },
                PairedSide("SQLite") { try await $0.drainOutbox($1) },
            ],
            goals: [.rate(atLeast: 0.9), .cpu()])
    }

    /// Log-ins at a steady rate on both stores, and on PostgreSQL with a longer way to the server.
    func postgresLoginRow() async throws -> [RowReport] {
        try await paired(
            .postgresLogins, "Log-ins at 200 per second, scrypt cost 1024, relay on",
            count: size(1000, quick: 600), showing: .times(late: 0.95),
            sides: [
                PairedSide("PostgreSQL") { bench, count in
                    try await bench.withSchema { try await bench.logIns(count, relay: .on, in: $0.url) }
                },
                PairedSide("PostgreSQL, 0.5 ms of added round trip") { bench, count in
                    try await bench.withSchema { schema in
                        let proxy = try DelayingProxy(port: schema.server.port, microseconds: 250)
                        defer { proxy.stop() }
                        return try await bench.logIns(count, relay: .on, in: schema.url(port: proxy.port))
                    }
                },
                PairedSide("SQLite") { try await $0.logIns($1, relay: .on) },
            ],
            goals: (0...1).map {
                PairedGoal.time("p95", 0.95, over: "SQLite", atMost: 5).of($0, against: 2)
            })
    }

    /// Transactions per second while the relay numbers their signals, compared with those without a relay.
    func postgresCommitRow() async throws -> [RowReport] {
        var reports: [RowReport] = []
        for connections in [16, 64] {
            reports += try await paired(
                .postgresCommits,
                "Transactions of log-ins on PostgreSQL, two signals each, \(connections) connections",
                count: size(10_000, quick: 4000),
                sides: [
                    PairedSide("relay on") { try await $0.commits($1, connections, relay: .on) },
                    PairedSide("relay off") { try await $0.commits($1, connections, relay: .off) },
                ],
                goals: [.rate(atLeast: 0.85), .cpu()])
        }
        return reports
    }

    private func commits(_ count: Int, _ connections: Int, relay: Job.RelayState) async throws -> Outcome {
        try await setUp(job(.prepare))
        return try await withSchema { schema in
            try await run(
                job(.commits) {
                    $0.count = count
                    $0.connections = connections
                    $0.relayState = relay
                    $0.storeURL = schema.url
                })
        }
    }

    /// Commit to handler on both stores, and from a process that does not hold the relay lease.
    func postgresLatencyRow() async throws -> [RowReport] {
        let foreign = [("PostgreSQL, the relay's process", false), ("PostgreSQL, another process", true)]
        return try await paired(
            .postgresLatency, "Commit to handler at 200 signals per second, PostgreSQL and SQLite",
            count: size(1000, quick: 600), showing: .times(late: 0.99),
            sides: foreign.map { name, isForeign in
                PairedSide(name) { bench, count in
                    try await bench.withSchema { schema in
                        try await bench.withFolder {
                            try await bench.latency(count, in: $0, schema.url, isForeign: isForeign)
                        }
                    }
                }
            } + [
                PairedSide("SQLite") { bench, count in
                    try await bench.withFolder { try await bench.latency(count, in: $0) }
                }
            ],
            goals: [
                .time("median", 0.5, over: "SQLite", atMost: 5).of(0, against: 2),
                .time("median", 0.5, over: "SQLite", atMost: 50).of(1, against: 2),
            ])
    }
}
