// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Testing
import ToolSupport

/// The process of `Fixtures/smtp_servers.py`: one for a whole test run, since each start takes most of a second.
/// It exits when the tests end and its standard input is closed.
final class PythonPeer: Sendable {
    /// Whether aiosmtpd is installed. In CI it is assumed, so that a skip cannot hide a failure.
    static let isAvailable: Bool =
        ProcessInfo.processInfo.environment["CI"] != nil
        || (try? Tool.runWaiting("python3", ["-c", "import aiosmtpd"])) != nil
    static let shared = Result { try PythonPeer() }

    private struct Address: Decodable {
        var id: String
        var event: String
    }

    private struct State {
        var rest = Data()
        var listeners: [String: @Sendable (String, Data) -> Void] = [:]
    }

    private let state = Mutex(State())
    private let process: Process
    private let input = Pipe()

    private init() throws {
        let script = Repository.root.appending(path: "Tests/AuthMailTests/Fixtures/smtp_servers.py")
        process = Tool.process("python3", ["-u", "-B", script.path])
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.take(data)
        }
        try process.run()
    }

    /// Sends a command. `listener` receives the name and the whole line of each resulting event, until
    /// ``forget(_:)``.
    func order(
        _ id: String, _ verb: String, _ members: [String: Any] = [:],
        _ listener: (@Sendable (String, Data) -> Void)? = nil
    ) throws {
        let whole = members.merging(["id": id, "do": verb]) { $1 }
        let line = try JSONSerialization.data(withJSONObject: whole) + Data("\n".utf8)
        try state.withLock { state in
            if let listener { state.listeners[id] = listener }
            // Under the lock, so that two lines are not interleaved.
            try input.fileHandleForWriting.write(contentsOf: line)
        }
    }

    func forget(_ id: String) { state.withLock { _ = $0.listeners.removeValue(forKey: id) } }

    private func take(_ data: Data) {
        var calls: [() -> Void] = []
        state.withLock { state in
            state.rest += data
            while let end = state.rest.firstIndex(of: 0x0a) {
                let line = Data(state.rest[..<end])
                state.rest = Data(state.rest[state.rest.index(after: end)...])
                guard let address = try? JSONDecoder().decode(Address.self, from: line),
                    let listener = state.listeners[address.id]
                else { continue }
                calls.append { listener(address.event, line) }
            }
        }
        for call in calls { call() }
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that talk to Python.
    static var needsPython: Self {
        .enabled(if: PythonPeer.isAvailable, "Python's aiosmtpd is not installed (pip install aiosmtpd)")
    }
}
