// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// One layer, one target. The table in docs/architecture.md lists what a target may import;
// Tests/ArchitectureTests compares every `import` with that table.

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
let c: [CSetting] = [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]

/// The dependencies that every Swift target may use in addition to its own.
let plumbing: [Target.Dependency] = [
    .product(name: "Logging", package: "swift-log"),
    .product(name: "Metrics", package: "swift-metrics"),
    .product(name: "Tracing", package: "swift-distributed-tracing"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "Configuration", package: "swift-configuration"),
]
let crypto: [Target.Dependency] = [
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "CryptoExtras", package: "swift-crypto"),
]
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let kits: [Target.Dependency] = [
    .product(name: "InMemoryLogging", package: "swift-log"),
    .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
    .product(name: "MetricsTestKit", package: "swift-metrics"),
    .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
]
/// What the executables link only with the trait `PostgreSQL`.
func postgres(_ targets: String...) -> [Target.Dependency] {
    targets.map { .target(name: $0, condition: .when(traits: ["PostgreSQL"])) }
}
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "swift-auth-signals",
    platforms: [.macOS(.v15)],
    products: [
        // The umbrella products: everything for an application that embeds the server, and everything for a worker.
        .library(
            name: "AuthApplication",
            targets: [
                "AuthServices", "AuthServer", "AuthProviders", "AuthHTTP", "AuthMail", "AuthRelay",
                "AuthSQLiteStore", "AuthStore",
                "AuthBroker", "AuthFlows", "AuthSignals",
            ]),
        .library(
            name: "AuthWorker",
            targets: [
                "AuthWorker", "AuthConsumer", "AuthSQLiteInbox", "AuthBroker", "AuthHTTP", "AuthSignals",
            ]),

        // One product per target, for those that need less.
        .library(name: "AuthSignals", targets: ["AuthSignals"]),
        .library(name: "AuthFlows", targets: ["AuthFlows"]),
        .library(name: "AuthSQLiteStore", targets: ["AuthSQLiteStore", "AuthStore"]),
        .library(
            name: "AuthPostgresStore",
            targets: ["AuthPostgresStore", "AuthPostgres", "AuthStore"]),
        .library(name: "AuthSQLiteInbox", targets: ["AuthSQLiteInbox"]),
        .library(name: "AuthPostgresInbox", targets: ["AuthPostgresInbox", "AuthPostgres"]),
        .library(name: "AuthBroker", targets: ["AuthBroker"]),
        .library(name: "AuthRelay", targets: ["AuthRelay"]),
        .library(name: "AuthConsumer", targets: ["AuthConsumer"]),
        .library(name: "AuthMail", targets: ["AuthMail"]),
        .library(name: "AuthProviders", targets: ["AuthProviders"]),
        .library(name: "AuthHTTP", targets: ["AuthHTTP"]),
        .library(name: "AuthServer", targets: ["AuthServer"]),
        .library(name: "AuthServices", targets: ["AuthServices"]),
        .library(name: "AuthTesting", targets: ["AuthTesting"]),
        .executable(name: "auth-signals", targets: ["auth-signals"]),
        .executable(name: "auth-consumer", targets: ["auth-consumer"]),
    ],
    traits: [
        .trait(
            name: "PostgreSQL",
            description: "auth-signals and auth-consumer can use PostgreSQL; they then link libpq.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // The domain: contains no SQL, no AMQP, no HTTP.
        .target(name: "AuthSignals", dependencies: plumbing, swiftSettings: swift),
        .target(
            name: "AuthFlows",
            dependencies: ["AuthSignals"] + crypto + plumbing,
            swiftSettings: swift),

        // The C interfaces: the only targets that include the headers of librabbitmq, libcurl and libpq.
        .target(
            name: "CRabbitMQ", cSettings: c,
            linkerSettings: [.linkedLibrary("rabbitmq"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "CCurl", cSettings: c, linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CPostgres", cSettings: c, linkerSettings: [.linkedLibrary("pq")]),

        // The adapters: AMQP, SQLite, PostgreSQL, SMTP and HTTP.
        .target(
            name: "AuthBroker", dependencies: ["AuthSignals", "CRabbitMQ", deque] + plumbing,
            swiftSettings: swift),
        // The operator's tools for a broker; part of no product.
        .target(
            name: "AuthBrokerTools",
            dependencies: ["AuthBroker", "AuthSignals", "CRabbitMQ", deque] + plumbing,
            swiftSettings: swift),
        .target(
            name: "SQLiteSupport", dependencies: ["AuthSignals", grdb, grdbSQLite], swiftSettings: swift),
        .target(
            name: "AuthSQLiteInbox", dependencies: ["SQLiteSupport", "AuthSignals", grdb] + plumbing,
            swiftSettings: swift),
        // What all stores share; contains no SQL.
        .target(
            name: "AuthStore", dependencies: ["AuthFlows", "AuthSignals"] + plumbing, swiftSettings: swift),
        .target(
            name: "AuthSQLiteStore",
            dependencies: ["SQLiteSupport", "AuthStore", "AuthFlows", "AuthSignals", grdb] + plumbing,
            swiftSettings: swift),
        .target(
            name: "AuthPostgres", dependencies: ["AuthSignals", "CPostgres"] + plumbing, swiftSettings: swift),
        .target(
            name: "AuthPostgresStore",
            dependencies: ["AuthPostgres", "AuthStore", "AuthFlows", "AuthSignals"] + plumbing,
            swiftSettings: swift),
        .target(
            name: "AuthPostgresInbox", dependencies: ["AuthPostgres", "AuthSignals"] + plumbing,
            swiftSettings: swift),
        .target(
            name: "AuthMail", dependencies: ["AuthFlows", "AuthSignals", "CCurl"] + plumbing,
            resources: [.embedInCode("Templates")],
            swiftSettings: swift),
        .target(
            name: "AuthHTTP", dependencies: ["AuthSignals", "CCurl"] + plumbing, swiftSettings: swift),
        .target(
            name: "AuthProviders",
            dependencies: ["AuthHTTP", "AuthFlows", "AuthSignals", jwtKit] + crypto + plumbing,
            swiftSettings: swift),
        .target(
            name: "AuthServer", dependencies: ["AuthFlows", "AuthSignals", hummingbird] + plumbing,
            // Embedded as constants, by `Scripts/generate pages`.
            exclude: ["Pages/Files"],
            swiftSettings: swift),

        // The page for developers and operators; part of no product.
        .target(
            name: "AuthDashboard",
            dependencies: [
                "AuthServer", "AuthStore", "AuthHTTP", "AuthFlows", "AuthSignals", hummingbird, nio,
            ] + plumbing,
            resources: [.embedInCode("Page")],
            swiftSettings: swift),

        // Traces that leave the process: OTLP over HTTP.
        .target(
            name: "AuthTelemetry",
            dependencies: ["AuthHTTP", "AuthSignals"] + plumbing,
            swiftSettings: swift),

        // The loops: they depend on seams only.
        .target(name: "AuthRelay", dependencies: ["AuthSignals"] + plumbing, swiftSettings: swift),
        .target(
            name: "AuthConsumer", dependencies: ["AuthSignals", deque] + crypto + plumbing,
            swiftSettings: swift),

        // The services that an application with embedded flows runs beside its requests.
        .target(
            name: "AuthServices",
            dependencies: ["AuthMail", "AuthRelay", "AuthBroker", "AuthStore", "AuthFlows", "AuthSignals"]
                + plumbing,
            swiftSettings: swift),

        // A worker as a program, or as a part of one.
        .target(
            name: "AuthWorker",
            dependencies: [
                "AuthConsumer", "AuthBroker", "AuthSQLiteInbox", "AuthTelemetry", "AuthHTTP", "AuthSignals",
                "AuthServiceKit", arguments,
            ] + crypto + plumbing,
            swiftSettings: swift),

        // What programs need: log output, the metrics page, health, exit codes.
        .target(
            name: "AuthServiceKit",
            dependencies: [
                "AuthSignals", arguments, hummingbird, hummingbirdCore, nio, nioHTTP1, unixSignals,
            ] + plumbing,
            swiftSettings: swift),

        // Test support, for our tests and our users'.
        .target(
            name: "AuthTesting",
            dependencies: ["AuthConsumer", "AuthStore", "AuthFlows", "AuthSignals"] + plumbing,
            swiftSettings: swift),

        // The executables: composition roots.
        .executableTarget(
            name: "auth-signals",
            dependencies: [
                "AuthServices", "AuthDashboard", "AuthServer", "AuthProviders", "AuthTelemetry", "AuthHTTP",
                "AuthMail", "AuthRelay", "AuthConsumer",
                "AuthBroker", "AuthBrokerTools",
                "AuthSQLiteInbox",
                "AuthSQLiteStore", "AuthStore", "AuthFlows", "AuthSignals", "AuthServiceKit", arguments,
                hummingbird,
            ] + postgres("AuthPostgresStore", "AuthPostgresInbox", "AuthPostgres") + plumbing,
            swiftSettings: swift),
        .executableTarget(
            name: "auth-consumer",
            dependencies: ["AuthWorker", "AuthHTTP", "AuthSignals", "AuthServiceKit", arguments]
                + postgres("AuthPostgresInbox", "AuthPostgres") + plumbing,
            swiftSettings: swift),

        // The benchmarks of `Scripts/bench`; part of no product.
        .target(
            name: "CBare", path: "Benchmarks/bare", cSettings: c,
            linkerSettings: [.linkedLibrary("rabbitmq")]),
        .target(name: "BenchmarkStatistics", path: "Benchmarks/statistics", swiftSettings: swift),
        .executableTarget(
            name: "auth-bench",
            dependencies: [
                "BenchmarkStatistics", "AuthServer", "AuthRelay", "AuthConsumer", "AuthSQLiteStore",
                "AuthStore", "AuthSQLiteInbox",
                "AuthBroker",
                "AuthFlows",
                "AuthPostgresStore", "AuthPostgres", "AuthSignals", "CBare", "BrokerSupport",
                "PostgresSupport", arguments, hummingbird, nio, grdb,
            ] + plumbing,
            path: "Benchmarks/auth-bench", swiftSettings: swift),

        // Tests, one target per target; those that need a broker start a private RabbitMQ node.
        .target(name: "ToolSupport", path: "Tests/Support/ToolSupport", swiftSettings: swift),
        .target(
            name: "BrokerSupport", dependencies: ["ToolSupport", "AuthBroker", "AuthSignals"] + plumbing,
            path: "Tests/Support/BrokerSupport", swiftSettings: swift),
        .target(
            name: "PostgresSupport", dependencies: ["ToolSupport", "AuthPostgres", "AuthSignals"] + plumbing,
            path: "Tests/Support/PostgresSupport", swiftSettings: swift),
        .target(
            name: "ProgramSupport",
            dependencies: [
                "BrokerSupport", "PostgresSupport", "ToolSupport", "AuthTesting", "AuthBroker", "AuthSignals",
            ] + plumbing,
            path: "Tests/Support/ProgramSupport", swiftSettings: swift),
        // Sends requests to an application: to its responder, or over a socket.
        .target(
            name: "ServerTesting", dependencies: ["AuthHTTP", hummingbird, nioEmbedded] + plumbing,
            path: "Tests/Support/ServerTesting", swiftSettings: swift),
        .target(
            name: "ConformanceReplay", dependencies: ["AuthSignals"],
            path: "Tests/Support/ConformanceReplay", exclude: ["flows.json"], swiftSettings: swift),
        .target(
            name: "FaultSupport",
            dependencies: [
                "AuthRelay", "AuthConsumer", "AuthSQLiteStore", "AuthPostgresStore", "AuthStore",
                "AuthSQLiteInbox", "AuthPostgresInbox", "AuthPostgres", "AuthBroker", "AuthFlows",
                "AuthSignals", "ToolSupport", grdb,
            ] + plumbing,
            path: "Tests/Support/FaultSupport", swiftSettings: swift),
        .executableTarget(
            name: "fault-actor",
            dependencies: [
                "FaultSupport", "ToolSupport", "AuthRelay", "AuthConsumer", "AuthStore", "AuthBroker",
                "AuthFlows", "AuthSignals", unixSignals,
            ] + plumbing,
            path: "Tests/Support/FaultActor", swiftSettings: swift),
        .testTarget(
            name: "ArchitectureTests", dependencies: ["AuthBroker", "AuthSignals"], swiftSettings: swift),
        .testTarget(
            name: "BenchmarkStatisticsTests", dependencies: ["BenchmarkStatistics"], swiftSettings: swift),
        .testTarget(
            name: "AuthSignalsTests", dependencies: ["AuthSignals", "ToolSupport"] + plumbing,
            exclude: ["Golden"],
            swiftSettings: swift),
        .testTarget(
            name: "AuthFlowsTests",
            dependencies: [
                "AuthFlows", "AuthSQLiteStore", "AuthPostgresStore", "AuthPostgres", "AuthStore",
                "AuthTesting", "AuthSignals", "PostgresSupport", "ToolSupport", grdb,
            ]
                + crypto + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthSQLiteStoreTests",
            dependencies: [
                "AuthSQLiteStore", "SQLiteSupport", "AuthStore", "AuthFlows", "AuthTesting", "AuthSignals",
                "ToolSupport",
                grdb,
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthSQLiteInboxTests",
            dependencies: ["AuthSQLiteInbox", "SQLiteSupport", "AuthTesting", "AuthSignals", grdb]
                + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthPostgresTests",
            dependencies: [
                "AuthPostgres", "PostgresSupport", "BrokerSupport", "ToolSupport", "AuthTesting",
                "AuthSignals", "CPostgres",
            ]
                + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthPostgresStoreTests",
            dependencies: [
                "AuthPostgresStore", "AuthPostgres", "PostgresSupport", "AuthStore", "AuthFlows",
                "AuthTesting",
                "AuthSignals", "ToolSupport",
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthPostgresInboxTests",
            dependencies: [
                "AuthPostgresInbox", "AuthPostgres", "PostgresSupport", "AuthConsumer", "AuthTesting",
                "AuthSignals",
                "ToolSupport",
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthBrokerTests",
            dependencies: [
                "AuthBroker", "AuthBrokerTools", "BrokerSupport", "ToolSupport", "AuthTesting", "AuthSignals",
                "CRabbitMQ",
            ]
                + plumbing
                + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthRelayTests",
            dependencies: ["AuthRelay", "AuthTesting", "AuthSignals", "ToolSupport"] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthConsumerTests",
            dependencies: ["AuthConsumer", "AuthFlows", "AuthTesting", "AuthSignals", "ToolSupport"]
                + plumbing
                + kits,
            exclude: ["Fixtures"], swiftSettings: swift),
        .testTarget(
            name: "AuthMailTests",
            dependencies: ["AuthMail", "AuthFlows", "AuthTesting", "AuthSignals", "CCurl", "ToolSupport"]
                + plumbing
                + kits,
            exclude: ["Fixtures", "Golden"], swiftSettings: swift),
        .testTarget(
            name: "AuthHTTPTests",
            dependencies: ["AuthHTTP", "AuthTesting", "AuthSignals", "ToolSupport"] + plumbing,
            exclude: ["Fixtures"], swiftSettings: swift),
        .testTarget(
            name: "AuthProvidersTests",
            dependencies: [
                "AuthProviders", "AuthFlows", "AuthSQLiteStore", "AuthStore", "AuthTesting", "AuthSignals",
                "ToolSupport",
                hummingbird, jwtKit, nio,
            ] + crypto + plumbing + kits,
            exclude: ["Fixtures"], swiftSettings: swift),
        .testTarget(
            name: "AuthServerTests",
            dependencies: [
                "AuthServer", "AuthFlows", "AuthSQLiteStore", "AuthStore", "AuthTesting", "AuthSignals",
                "ConformanceReplay", "ServerTesting",
                "ToolSupport", hummingbird,
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthDashboardTests",
            dependencies: [
                "AuthDashboard", "AuthServer", "AuthSQLiteStore", "AuthStore", "AuthFlows", "AuthTesting",
                "AuthHTTP", "AuthSignals", "ServerTesting",
                "ToolSupport", hummingbird,
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthTelemetryTests",
            dependencies: ["AuthTelemetry", "AuthTesting", "AuthSignals", "ToolSupport"]
                + plumbing + kits,
            exclude: ["Fixtures"], swiftSettings: swift),
        .testTarget(
            name: "AuthServiceKitTests",
            dependencies: [
                "AuthServiceKit", "AuthTesting", "AuthSignals", "ServerTesting", hummingbird, nio,
                nioEmbedded,
                nioHTTP1,
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "AuthWorkerTests",
            dependencies: [
                "AuthWorker", "AuthConsumer", "AuthBroker", "AuthServiceKit", "AuthTesting", "AuthSignals",
                arguments,
            ] + plumbing + kits,
            swiftSettings: swift),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "ProgramSupport", "ConformanceReplay", "FaultSupport", "BrokerSupport", "PostgresSupport",
                "ToolSupport", "AuthServices", "AuthMail", "AuthRelay", "AuthWorker", "AuthConsumer",
                "AuthSQLiteStore", "AuthPostgresStore", "AuthPostgres", "AuthStore", "AuthFlows",
                "AuthTesting", "AuthBroker", "AuthBrokerTools", "AuthSignals", "auth-signals",
                "auth-consumer",
                grdb,
            ] + plumbing + kits,
            exclude: ["Fixtures"],
            swiftSettings: swift),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "FaultSupport", "ProgramSupport", "BrokerSupport", "ToolSupport", "AuthRelay", "AuthConsumer",
                "AuthSQLiteStore", "AuthPostgresStore", "AuthStore", "AuthFlows", "PostgresSupport",
                "AuthBroker", "AuthTesting", "AuthSignals", "CRabbitMQ", "fault-actor", "auth-signals",
                "auth-consumer", grdb,
            ] + plumbing + kits,
            swiftSettings: swift),
    ],
    swiftLanguageModes: [.v6]
)
