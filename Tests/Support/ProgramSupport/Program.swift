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
        process = try Self.spawn(
            [executable.path] + arguments, environment, output: folder.path("output"), log: folder.path("log")
        )
    }

    deinit {
        if isRunning {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
    }

    package var output: String { read("output") }
    package var log: String { read("log") }
    /// The lines of the output.
    package var lines: [String] { output.split(separator: "\n").map(String.init) }
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

    private static func spawn(
        _ arguments: [String], _ environment: [String: String], output: String, log: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var process = pid_t()
        let fault = posix_spawn(&process, arguments[0], &actions, &attributes, argv, envp)
        guard fault == 0 else {
            throw Mishap("\(arguments[0]) cannot be started: \(String(cString: strerror(fault)))")
        }
        return process
    }
}
