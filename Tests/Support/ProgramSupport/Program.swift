// SPDX-License-Identifier: Apache-2.0
import AuthTesting
package import Foundation
import Synchronization
import ToolSupport

/// A child process with its output.
///
/// Its output is written to files, because another child could keep a pipe open. Signals that the test process
/// ignores or blocks have their default behaviour in the child.
package final class Program: Sendable {
    private let folder: Folder
    /// The process id.
    package let process: pid_t
    private let name: String
    private let state = Mutex(State())

    private struct State {
        var ending: Ending?
        /// Whether the test has sent it a signal.
        var wasAsked = false
    }

    private enum Ending: CustomStringConvertible {
        case code(Int32), signal(Int32)

        var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let number): "signal \(number) (\(String(cString: strsignal(number))))"
            }
        }
    }

    /// Starts one of this package's executables.
    ///
    /// - Parameter environment: the child's whole environment, except for PATH.
    package convenience init(_ name: String, _ arguments: [String], environment: [String: String]) throws {
        try self.init(Repository.executable(name), arguments, environment: environment)
    }

    package init(_ executable: URL, _ arguments: [String], environment: [String: String]) throws {
        folder = try Folder()
        name = ([executable.lastPathComponent] + arguments.prefix(1)).joined(separator: " ")
        var environment = environment
        environment["PATH"] = ProcessInfo.processInfo.environment["PATH"]
        do {
            process = try ChildProcess.start(
                [executable.path] + arguments, environment: environment, output: folder.path("output"),
                errors: folder.path("log"))
        } catch {
            throw Mishap("\(executable.path) cannot be started: \(error)")
        }
    }

    deinit {
        if isRunning {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
    }

    package var output: String { read("output") }
    package var log: String { read("log") }
    /// The complete lines of the output: the end of a line that is being written may be missing.
    package var lines: [String] {
        output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .filter { !$0.isEmpty }.map(String.init)
    }
    package var isRunning: Bool { ending() == nil }

    /// Sends a signal without waiting.
    package func send(_ signal: Int32) {
        if isRunning {
            state.withLock { $0.wasAsked = true }
            kill(process, signal)
        }
    }

    /// Sends a signal and waits until the process ends.
    package func stop(_ signal: Int32 = SIGTERM) async throws {
        send(signal)
        _ = try await exitCode()
    }

    /// Waits until the process ends.
    ///
    /// - Returns: the exit code, or the signal number if a signal ended it.
    package func exitCode(within limit: Duration = .seconds(40)) async throws -> Int32 {
        try await eventualValue(within: limit, "the program ends") {
            switch ending() {
            case .code(let number), .signal(let number): number
            case nil: nil
            }
        }
    }

    /// Throws if the process has ended without a signal from the test. The error has its exit status and last log
    /// lines.
    ///
    /// - Parameter killsItself: whether it is expected to kill itself with SIGKILL.
    package func checkIsAlive(killsItself: Bool = false) throws {
        guard let ending = ending(), !state.withLock({ $0.wasAsked }) else { return }
        if killsItself, case .signal(SIGKILL) = ending { return }
        throw Mishap("\(name) ended unexpectedly with \(ending). Last log lines:\n\(lastLogLines)")
    }

    private var lastLogLines: String {
        log.split(separator: "\n").suffix(30).map { $0.prefix(500) }.joined(separator: "\n")
    }

    private func read(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: folder.path(name)) ?? Data(), as: UTF8.self)
    }

    private func ending() -> Ending? {
        state.withLock { state in
            if let ending = state.ending { return ending }
            var code: Int32 = 0
            guard waitpid(process, &code, WNOHANG) == process else { return nil }
            state.ending = code & 0x7f == 0 ? .code((code >> 8) & 0xff) : .signal(code & 0x7f)
            return state.ending
        }
    }
}
