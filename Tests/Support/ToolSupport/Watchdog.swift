// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Kills the servers of this process when it ends, even after a crash.
///
/// One child per server reads from a pipe that only this process can write to; the kernel closes the pipe with the
/// process. Each child has its own session, so that Ctrl-C does not reach it.
package final class Watchdog: Sendable {
    package static let shared = Watchdog()

    private let guarded = Mutex<[(pipe: FileHandle, directory: String)]>([])

    private init() {
        // On a normal exit, the servers are killed before the process ends.
        atexit { Watchdog.shared.stopAll() }
    }

    /// - Parameters:
    ///   - directory: the server's files, which are removed afterwards.
    ///   - script: the path of the script whose command `kill DIRECTORY` kills the server.
    package func guardFolder(_ directory: String, killedBy script: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        // A child that inherited the write end would keep the pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // It also inherits descriptors of processes that are being started by other threads: as long as it kept them
        // open, Foundation would not notice the end of those processes.
        let command = #"""
            trap '' INT TERM HUP
            for fd in /proc/self/fd/*; do
              fd=${fd##*/}
              [ "$fd" -le 2 ] || eval "exec $fd>&-" 2>/dev/null
            done
            cat >/dev/null; bash "$0" kill "$1"; rm -rf "$1"
            """#
        let words = ["/usr/bin/env", "setsid", "--fork", "bash", "-c", command, script, directory]
        let arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var child = pid_t()
        guard posix_spawn(&child, words[0], &actions, nil, arguments, environ) == 0 else {
            throw POSIXError(.EAGAIN)
        }
        // It forks and exits at once; without waiting it would stay a zombie.
        waitpid(child, nil, 0)
        guarded.withLock { $0.append((FileHandle(fileDescriptor: ends[1]), directory)) }
    }

    private func stopAll() {
        let all = guarded.withLock { guarded in
            defer { guarded = [] }
            return guarded
        }
        for (pipe, _) in all { try? pipe.close() }
        let deadline = ContinuousClock.now + .seconds(20)
        for (_, directory) in all {
            while FileManager.default.fileExists(atPath: directory), ContinuousClock.now < deadline {
                usleep(20_000)
            }
        }
    }
}
