// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// A RabbitMQ node of this test process's own, on free loopback ports in a temporary folder.
///
/// `Scripts/rabbitmq` starts and stops it. A watchdog, which waits for this process's end of a pipe to close,
/// stops the node and removes the folder however the process ends.
public struct PrivateBroker: Sendable {
    /// The node that all tests of the process share, started when the first one asks for it. Tests keep apart by
    /// the names of their exchanges and queues.
    public static var shared: PrivateBroker {
        get async throws { try await sharedTask.value }
    }
    private static let sharedTask = Task { try await PrivateBroker.start() }

    /// Whether a node can be started here; on a continuous-integration machine it must be.
    public static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || ProcessInfo.processInfo.environment["AUTH_TEST_RABBITMQ"] != nil
        || FileManager.default.fileExists(atPath: "/usr/lib/rabbitmq/lib")

    /// Why a test is skipped.
    public static let absence = "RabbitMQ is not installed here; Scripts/rabbitmq install does that"

    /// The folder that holds the node's files.
    public let directory: String
    private let values: [String: String]

    /// `amqp://guest:guest@127.0.0.1:…`.
    public var url: String { values["BROKER_URL"] ?? "" }
    /// `amqps://guest:guest@localhost:…?cacertfile=…` of a node that was started with `--tls`.
    public var tlsURL: String { values["BROKER_TLS_URL"] ?? "" }
    /// Of a node that was started with `--management`.
    public var managementURL: String { values["BROKER_MANAGEMENT_URL"] ?? "" }
    /// The port of `url`.
    public var port: UInt16 { values["AMQP_PORT"].flatMap { UInt16($0) } ?? 0 }

    /// Starts a further node, for tests that would disturb others.
    ///
    /// - Parameter options: those of `Scripts/rabbitmq start`.
    public static func start(_ options: String...) async throws -> PrivateBroker {
        let directory = FileManager.default.temporaryDirectory
            .appending(
                path:
                    "rabbitmq-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
            ).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Watchdog.shared.guardFolder(directory)
        let output = try await Script.run(["start", directory] + options)
        var values: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return PrivateBroker(directory: directory, values: values)
    }

    /// Runs `rabbitmqctl` against the node and returns what it prints.
    @discardableResult
    public func ctl(_ arguments: String...) async throws -> String {
        try await Script.run(["ctl", directory, "-q"] + arguments)
    }

    /// Runs a command line in a POSIX shell, in which `rabbitmqctl` is this node's, and returns what it prints.
    @discardableResult
    public func shell(_ command: String) async throws -> String {
        let define = "rabbitmqctl() { bash '\(Script.path)' ctl '\(directory)' \"$@\"; }\n"
        return String(decoding: try await Tool.run("sh", ["-euc", define + command]), as: UTF8.self)
    }

    /// Stops the node politely; its messages stay.
    public func stop() async throws { try await Script.run(["stop", directory]) }

    /// Stops the node as a crash would.
    public func kill() async throws { try await Script.run(["kill", directory]) }

    /// Stops the node of a cluster politely, or as a crash would; the others still find each other.
    public func leave(killed: Bool) async throws {
        try await Script.run([killed ? "kill" : "stop", directory, "--node-only"])
    }

    /// Starts the node again, on the same ports and with its messages.
    public func restart() async throws { try await Script.run(["start", directory]) }
}
