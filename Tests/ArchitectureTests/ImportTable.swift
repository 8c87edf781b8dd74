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
                "AuthServer", "AuthRelay", "AuthConsumer", "AuthStore", "AuthInbox", "AuthBroker",
                "AuthFlows",
                "AuthSignals", "CBare", "BrokerSupport", "ArgumentParser", "Hummingbird", "NIOCore",
            ], path: "Benchmarks/auth-bench"),
        Row(
            target: "auth-signals",
            imports: [
                "AuthServices", "AuthServiceKit", "AuthServer", "AuthProviders", "AuthHTTP", "AuthMail",
                "AuthRelay", "AuthConsumer",
                "AuthStore",
                "AuthInbox",
                "AuthBroker", "AuthBrokerTools", "AuthFlows", "AuthSignals", "ArgumentParser", "Hummingbird",
                "AsyncHTTPClient",
                "NIOCore", "NIOHTTP1",
            ]),
        Row(
            target: "auth-consumer",
            imports: ["AuthWorker", "AuthServiceKit", "AuthHTTP", "AuthSignals", "ArgumentParser"]),
        Row(
            target: "AuthWorker",
            imports: [
                "AuthServiceKit", "AuthConsumer", "AuthInbox", "AuthBroker", "AuthHTTP", "AuthSignals",
                "ArgumentParser", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "Crypto",
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
        Row(target: "AuthServer", imports: ["AuthFlows", "AuthSignals", "Hummingbird"]),
        Row(
            target: "AuthProviders",
            imports: [
                "AuthHTTP", "AuthFlows", "AuthSignals", "AsyncHTTPClient", "JWTKit", "NIOCore", "NIOHTTP1",
                "Crypto",
                "CryptoExtras",
            ]),
        Row(
            target: "AuthHTTP", imports: ["AuthSignals", "AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOSSL"]),
        Row(target: "AuthMail", imports: ["AuthFlows", "AuthSignals", "CCurl"]),
        Row(target: "AuthRelay", imports: ["AuthSignals"]),
        Row(target: "AuthConsumer", imports: ["AuthSignals", "Crypto", "DequeModule"]),
        Row(target: "AuthStore", imports: ["SQLiteSupport", "AuthFlows", "AuthSignals", "GRDB"]),
        Row(target: "AuthInbox", imports: ["SQLiteSupport", "AuthSignals", "GRDB"]),
        Row(target: "AuthBrokerTools", imports: ["AuthBroker", "AuthSignals", "CRabbitMQ", "DequeModule"]),
        Row(target: "AuthBroker", imports: ["AuthSignals", "CRabbitMQ", "DequeModule"]),
        Row(target: "SQLiteSupport", imports: ["AuthSignals", "GRDB"]),
        Row(target: "CRabbitMQ", imports: []),
        Row(target: "CCurl", imports: []),
        Row(target: "AuthFlows", imports: ["AuthSignals", "Crypto", "CryptoExtras"]),
        Row(target: "AuthSignals", imports: []),
        Row(target: "CBare", imports: [], path: "Benchmarks/bare"),
    ]

    /// Modules for logging, metrics, tracing and service lifecycle, allowed everywhere.
    static let plumbing: Set = ["Logging", "Metrics", "Tracing", "ServiceLifecycle", "Configuration"]

    /// Modules of Swift and the system, allowed everywhere.
    static let platform: Set = [
        "Foundation", "FoundationEssentials", "Synchronization", "Dispatch", "Glibc", "Musl", "Darwin",
    ]
}
