// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// One of our executables, running, with what it prints.
final class Program: Sendable {
    private let process: Process
    private let standardOutput = Mutex(Data())
    private let standardError = Mutex(Data())
    private let openPipes = Mutex(2)

    /// - Parameter environment: all that the program gets, beside PATH.
    init(_ name: String, _ arguments: [String], environment: [String: String]) throws {
        let process = Process()
        self.process = process
        process.executableURL = Repository.executable(name)
        process.arguments = arguments
        var all = environment
        all["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        process.environment = all
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        process.standardInput = FileHandle.nullDevice
        output.fileHandleForReading.readabilityHandler = { [weak self] handle in
            self?.read(handle) { self, data in self.standardOutput.withLock { $0.append(data) } }
        }
        error.fileHandleForReading.readabilityHandler = { [weak self] handle in
            self?.read(handle) { self, data in self.standardError.withLock { $0.append(data) } }
        }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    private func read(_ handle: FileHandle, _ append: (Program, Data) -> Void) {
        let data = handle.availableData
        if data.isEmpty {
            handle.readabilityHandler = nil
            openPipes.withLock { $0 -= 1 }
        } else {
            append(self, data)
        }
    }

    var output: String { standardOutput.withLock { String(decoding: $0, as: UTF8.self) } }
    var log: String { standardError.withLock { String(decoding: $0, as: UTF8.self) } }
    var isRunning: Bool { process.isRunning }

    /// Sends a signal and waits for the end.
    func stop(_ signal: Int32 = SIGTERM) async throws {
        if process.isRunning { kill(process.processIdentifier, signal) }
        _ = try await exitCode()
    }

    /// Waits for the end.
    ///
    /// - Returns: the exit code; the signal's number where a signal ended it.
    func exitCode(within limit: Duration = .seconds(40)) async throws -> Int32 {
        try await eventually("the program ends", within: limit) {
            process.isRunning || openPipes.withLock { $0 } > 0 ? nil : process.terminationStatus
        }
    }
}
