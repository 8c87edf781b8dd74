// SPDX-License-Identifier: Apache-2.0

/// The allowed imports of each target: the table in docs/architecture.md as data.
enum ImportTable {
    struct Row {
        let target: String
        let imports: [String]
        /// The target's folder, if not under Sources.
        var path: String?

        var folder: String { path ?? "Sources/\(target)" }
    }

    /// One row per target; a row may import only rows below it and external modules.
    static let rows: [Row] = [
        Row(
            target: "auth-bench",
            imports: [
                "BenchmarkStatistics", "AuthServer", "AuthRelay", "AuthConsumer", "AuthSQLiteStore",
                "AuthStore", "AuthSQLiteInbox",
                "AuthBroker",
                "AuthFlows",
                "AuthPostgresStore", "AuthPostgres", "AuthSignals", "CBare", "BrokerSupport",
                "PostgresSupport", "ArgumentParser", "GRDB", "Hummingbird", "NIOCore",
            ], path: "Benchmarks/auth-bench"),
        Row(
            target: "auth-signals",
            imports: [
                "AuthServices", "AuthServiceKit", "AuthDashboard", "AuthServer", "AuthProviders",
                "AuthTelemetry",
                "AuthHTTP", "AuthMail", "AuthRelay", "AuthConsumer",
                "AuthSQLiteStore", "AuthPostgresStore", "AuthStore",
                "AuthSQLiteInbox", "AuthPostgresInbox", "AuthPostgres",
                "AuthBroker", "AuthBrokerTools", "AuthFlows", "AuthSignals", "ArgumentParser", "Hummingbird",
            ]),
        Row(
            target: "auth-consumer",
            imports: [
                "AuthWorker", "AuthServiceKit", "AuthHTTP", "AuthPostgresInbox", "AuthPostgres",
                "AuthSignals",
                "ArgumentParser",
            ]),
        Row(
            target: "AuthWorker",
            imports: [
                "AuthServiceKit", "AuthConsumer", "AuthSQLiteInbox", "AuthBroker", "AuthTelemetry",
                "AuthHTTP",
                "AuthSignals", "ArgumentParser", "Crypto",
            ]),
        Row(
            target: "AuthTesting",
            imports: ["AuthConsumer", "AuthStore", "AuthFlows", "AuthSignals", "Testing"]),
        Row(
            target: "AuthServiceKit",
            imports: [
                "AuthSignals", "ArgumentParser", "Hummingbird", "HummingbirdCore", "NIOCore", "NIOHTTP1",
                "CoreMetrics", "UnixSignals",
            ]),
        Row(
            target: "AuthServices",
            imports: ["AuthMail", "AuthRelay", "AuthStore", "AuthBroker", "AuthFlows", "AuthSignals"]),
        Row(
            target: "AuthDashboard",
            imports: [
                "AuthServer", "AuthStore", "AuthHTTP", "AuthFlows", "AuthSignals", "Hummingbird",
                "NIOCore",
            ]),
        Row(target: "AuthServer", imports: ["AuthFlows", "AuthSignals", "Hummingbird"]),
        Row(
            target: "AuthProviders",
            imports: [
                "AuthHTTP", "AuthFlows", "AuthSignals", "JWTKit", "Crypto",
                "CryptoExtras",
            ]),
        Row(target: "AuthTelemetry", imports: ["AuthHTTP", "AuthSignals"]),
        Row(target: "AuthHTTP", imports: ["AuthSignals", "CCurl"]),
        Row(target: "AuthMail", imports: ["AuthFlows", "AuthSignals", "CCurl"]),
        Row(target: "AuthRelay", imports: ["AuthSignals"]),
        Row(target: "AuthConsumer", imports: ["AuthSignals", "Crypto", "DequeModule"]),
        Row(
            target: "AuthSQLiteStore",
            imports: ["SQLiteSupport", "AuthStore", "AuthFlows", "AuthSignals", "GRDB"]),
        Row(
            target: "AuthPostgresStore",
            imports: ["AuthPostgres", "AuthStore", "AuthFlows", "AuthSignals"]),
        Row(target: "AuthPostgresInbox", imports: ["AuthPostgres", "AuthSignals"]),
        Row(target: "AuthPostgres", imports: ["AuthSignals", "CPostgres"]),
        Row(target: "AuthStore", imports: ["AuthFlows", "AuthSignals"]),
        Row(target: "AuthSQLiteInbox", imports: ["SQLiteSupport", "AuthSignals", "GRDB"]),
        Row(target: "AuthBrokerTools", imports: ["AuthBroker", "AuthSignals", "CRabbitMQ", "DequeModule"]),
        Row(target: "AuthBroker", imports: ["AuthSignals", "CRabbitMQ", "DequeModule"]),
        Row(target: "SQLiteSupport", imports: ["AuthSignals", "GRDB", "GRDBSQLite"]),
        Row(target: "CRabbitMQ", imports: []),
        Row(target: "CCurl", imports: []),
        Row(target: "CPostgres", imports: []),
        Row(target: "AuthFlows", imports: ["AuthSignals", "Crypto", "CryptoExtras"]),
        Row(target: "AuthSignals", imports: []),
        Row(target: "BenchmarkStatistics", imports: [], path: "Benchmarks/statistics"),
        Row(target: "CBare", imports: [], path: "Benchmarks/bare"),
    ]

    /// Modules for logging, metrics, tracing and service lifecycle, allowed everywhere.
    static let plumbing: Set = ["Logging", "Metrics", "Tracing", "ServiceLifecycle", "Configuration"]

    /// Modules of Swift and the system, allowed everywhere.
    static let platform: Set = [
        "Foundation", "FoundationEssentials", "Synchronization", "Dispatch", "Glibc", "Musl", "Darwin",
    ]
}
