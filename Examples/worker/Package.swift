// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// In a package of yours: .package(url: "https://…/swift-auth-signals", from: "…").
let package = Package(
    name: "billing-worker",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-auth-signals", path: "../..")
    ],
    targets: [
        .target(
            name: "BillingHandlers",
            dependencies: [.product(name: "AuthSignals", package: "swift-auth-signals")]),
        .executableTarget(
            name: "billing-worker",
            dependencies: ["BillingHandlers", .product(name: "AuthWorker", package: "swift-auth-signals")]),
        .testTarget(
            name: "BillingHandlersTests",
            dependencies: [
                "BillingHandlers", .product(name: "AuthSignals", package: "swift-auth-signals"),
                .product(name: "AuthTesting", package: "swift-auth-signals"),
            ]),
    ]
)
