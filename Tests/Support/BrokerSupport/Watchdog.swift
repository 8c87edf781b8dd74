// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// Stops the nodes of this process when it ends, however it ends.
///
/// One child for each node, in a session of its own so that Ctrl-C does not reach it, reads from a pipe that only
/// this process can write to: the kernel closes it with the process.
final class Watchdog: Sendable {
    static let shared = Watchdog()

    private let guarded = Mutex<[(pipe: FileHandle, directory: String)]>([])

    private init() {
        // After a regular end the nodes are gone before the process is.
        atexit { Watchdog.shared.stopAll() }
    }

    func guardFolder(_ directory: String) throws {
        let process = Process()
        let pipe = Pipe()
        let end = pipe.fileHandleForWriting
        // A child of ours that inherited this end would keep the pipe open.
        _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "setsid", "--fork", "bash", "-c",
            #"trap '' INT TERM HUP; cat >/dev/null; bash "$0" kill "$1"; rm -rf "$1""#, Script.path,
            directory,
        ]
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // It forks and ends at once; who does not wait leaves a zombie.
        process.waitUntilExit()
        guarded.withLock { $0.append((end, directory)) }
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
