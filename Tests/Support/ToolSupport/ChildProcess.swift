// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// Starts child processes whose signals have their default behaviour, also those that the test process ignores or
/// blocks.
package enum ChildProcess {
    /// Starts a process; its standard streams are files.
    ///
    /// - Parameters:
    ///   - arguments: the path of the executable, and its arguments.
    ///   - environment: the whole environment.
    ///   - output: is created if it does not exist, and appended to otherwise; so is `errors`.
    ///   - inOwnGroup: whether the process leads a process group of its own, so that a signal to the group also reaches
    ///     its descendants.
    /// - Returns: its id. The caller waits for its end (waitpid(2)).
    /// - Throws: `POSIXError`
    package static func start(
        _ arguments: [String], environment: [String: String], input: String = "/dev/null", output: String,
        errors: String, inOwnGroup: Bool = false
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = inOwnGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var child = pid_t()
        let fault = posix_spawn(&child, arguments[0], &actions, &attributes, argv, envp)
        guard fault == 0 else { throw POSIXError(POSIXErrorCode(rawValue: fault) ?? .EAGAIN) }
        return child
    }
}
