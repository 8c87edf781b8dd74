// SPDX-License-Identifier: Apache-2.0
import Foundation
import PostgresSupport
import Testing
import ToolSupport

/// `Scripts/postgres` for a user who is not root.
@Suite(.needsPostgres)
struct ServerScriptTests {
    @Test(.enabled(if: getuid() == 0, "only root can become another user"))
    func `another user than root can start, stop and kill a server, and no process of it stays`() async throws
    {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "script-\(UInt32.random(in: 0...UInt32.max))")
        let script = folder.appending(path: "postgres")
        let directory = folder.appending(path: "server")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        // The user may not be able to read the repository.
        try FileManager.default.copyItem(at: Repository.root.appending(path: "Scripts/postgres"), to: script)
        try Watchdog.shared.guardFolder(directory.path, killedBy: script.path)
        try await Tool.run("chmod", ["755", folder.path, script.path])
        try await Tool.run("chown", ["nobody:nogroup", directory.path])

        func run(_ verb: String, _ arguments: String...) async throws -> String {
            let command = ["bash", script.path, verb, directory.path] + arguments
            let output = try await Tool.run(
                "setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] + command, in: directory)
            return String(decoding: output, as: UTF8.self)
        }
        for end in ["stop", "kill"] {
            #expect(try await run("start").contains("POSTGRES_URL=postgres://auth:secret@127.0.0.1:"))
            #expect(try await run("psql", "-XqAtc", "SELECT current_user") == "postgres\n")
            // The server and its children have the data folder as their working directory.
            #expect(processes(in: directory).count > 1)
            _ = try await run(end)
            #expect(processes(in: directory) == [], "after \(end)")
        }
        try FileManager.default.removeItem(at: directory)
    }

    /// The ids of the processes whose working directory is in a folder.
    private func processes(in folder: URL) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.filter { entry in
            let link = "/proc/\(entry)/cwd"
            let place = Int(entry).flatMap { _ in
                try? FileManager.default.destinationOfSymbolicLink(atPath: link)
            }
            return place?.hasPrefix(folder.path) == true
        }
    }
}
