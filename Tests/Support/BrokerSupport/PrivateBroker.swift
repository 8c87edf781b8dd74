// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// A RabbitMQ node that belongs to this test process, on free loopback ports, in a temporary directory.
///
/// `Scripts/rabbitmq` starts and stops it. A watchdog process, which waits until this process's end of a pipe
/// closes, stops the node and removes the directory, even after a crash.
public struct PrivateBroker: Sendable {
    /// The node that all tests of the process share, started on first use. Tests use different exchange and queue
    /// names.
    public static var shared: PrivateBroker {
        get async throws { try await sharedTask.value }
    }
    private static let sharedTask = Task { try await PrivateBroker.start() }

    /// Another shared node, which also serves the management API. Tests use different virtual hosts: see
    /// ``withVirtualHost(_:)``.
    public static var managed: PrivateBroker {
        get async throws { try await managedTask.value }
    }
    private static let managedTask = Task { try await PrivateBroker.start("--management") }

    /// Whether RabbitMQ is installed. In continuous integration this is always true, so that tests are not skipped.
    public static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || ProcessInfo.processInfo.environment["AUTH_TEST_RABBITMQ"] != nil
        || FileManager.default.fileExists(atPath: "/usr/lib/rabbitmq/lib")

    /// The reason for skipping a test.
    public static let absence = "RabbitMQ is not installed here; Scripts/rabbitmq install does that"

    /// The directory of the node's files.
    public let directory: String
    private let values: [String: String]

    /// `amqp://guest:guest@127.0.0.1:…`.
    public var url: String { values["BROKER_URL"] ?? "" }
    /// `amqps://guest:guest@localhost:…?cacertfile=…` of a node that was started with `--tls`.
    public var tlsURL: String { values["BROKER_TLS_URL"] ?? "" }
    /// The URL of the management API of a node that was started with `--management`.
    public var managementURL: String { values["BROKER_MANAGEMENT_URL"] ?? "" }
    /// The port of `url`.
    public var port: UInt16 { values["AMQP_PORT"].flatMap { UInt16($0) } ?? 0 }

    /// Starts another node, for tests that would disturb others.
    ///
    /// - Parameter options: the options of `Scripts/rabbitmq start`.
    public static func start(_ options: String...) async throws -> PrivateBroker {
        let directory = FileManager.default.temporaryDirectory
            .appending(
                path:
                    "rabbitmq-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
            ).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Watchdog.shared.guardFolder(directory, killedBy: Script.path)
        let output = try await Script.run(["start", directory] + options)
        var values: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return PrivateBroker(directory: directory, values: values)
    }

    /// Runs `rabbitmqctl` against the node and returns its output.
    @discardableResult
    public func ctl(_ arguments: String...) async throws -> String {
        try await Script.run(["ctl", directory, "-q"] + arguments)
    }

    /// Evaluates Erlang expressions, separated by commas, on the node and returns what they print.
    ///
    /// This takes milliseconds. ``ctl(_:)`` takes a second, because `rabbitmqctl` starts an Erlang machine.
    @discardableResult
    public func evaluate(_ expressions: String) async throws -> String {
        try await Script.run(["eval", directory, expressions])
    }

    /// Runs `rabbitmq-upgrade` on the node: `drain` or `revive`.
    public func upgrade(_ arguments: String...) async throws {
        try await Script.run(["upgrade", directory] + arguments)
    }

    /// Runs a command line in a POSIX shell in which `rabbitmqctl` and `rabbitmq-queues` use this node, and returns its
    /// output.
    @discardableResult
    public func shell(_ command: String) async throws -> String {
        // A function's name must not contain a hyphen.
        let define =
            "rabbitmqctl() { bash '\(Script.path)' ctl '\(directory)' \"$@\"; }\n"
            + "alias rabbitmq-queues=\"bash '\(Script.path)' queues '\(directory)'\"\n"
        return String(decoding: try await Tool.run("sh", ["-euc", define + command]), as: UTF8.self)
    }

    /// Stops the node cleanly; its messages stay.
    public func stop() async throws { try await Script.run(["stop", directory]) }

    /// Kills the node, like a crash.
    public func kill() async throws { try await Script.run(["kill", directory]) }

    /// Stops or kills one node of a cluster; the other nodes continue.
    public func leave(killed: Bool) async throws {
        try await Script.run([killed ? "kill" : "stop", directory, "--node-only"])
    }

    /// Starts the node again, on the same ports and with its messages.
    public func restart() async throws { try await Script.run(["start", directory]) }
}
